"""Frames of the guest's ABI, version 2: wasm/ABI.md says what each means."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping

# Parameters of redis.conf.
Config = Mapping[str, "str | int | bool | os.PathLike[str]"]

HEADER, CONTROL, PATH = map(struct.Struct, ("<4I", "<IId", "<QI"))

# Kinds of frames to the guest, and from it.
IN_CONFIGURE, IN_OPEN, IN_DATA, IN_CLOSE, IN_CORK, IN_UNCORK, IN_STOP, IN_SNAPSHOT = range(1, 9)
IN_RESTORE, IN_CONNECTED, IN_DONE, IN_CONTENT, IN_ABSENT, IN_APPENDED, IN_CONTROL = range(9, 16)
OUT_HANGUP, OUT_CONNECT, OUT_SHUTDOWN, OUT_LOG = range(2, 6)
OUT_READ, OUT_APPEND, OUT_SYNC, OUT_REPLACE, OUT_REMOVE = range(9, 14)
OUT_CLUSTER, OUT_CONFIG = range(15, 17)


def frame(kind: int, conn: int = 0, payload: bytes = b"", ticket: int = 0) -> bytes:
    """A whole frame."""
    return HEADER.pack(kind, conn, ticket, len(payload)) + payload


def frames(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Kind, connection, ticket and payload of each frame."""
    at, end = 0, len(data)
    while at < end:
        kind, conn, ticket, size = HEADER.unpack_from(data, at)
        at += 16 + size
        yield kind, conn, ticket, data[at - size : at]


def cut_path(payload: bytes) -> tuple[str, int, bytes]:
    """Path, offset and bytes of an event about a file."""
    offset, length = PATH.unpack_from(payload)
    end = PATH.size + length
    return payload[PATH.size : end].decode(errors="surrogateescape"), offset, payload[end:]


def words(error: Exception) -> bytes:
    """What the system calls an error, which clients are told."""
    return (getattr(error, "strerror", None) or str(error)).encode()


def parameters(config: Config) -> bytes:
    """The text of CONFIGURE."""
    return "".join(f"{name} {_quoted(value)}\n" for name, value in config.items()).encode()


def _quoted(value: str | int | bool | os.PathLike[str]) -> str:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    data = os.fsencode(str(value) if isinstance(value, int) else value)  # which refuses None
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'
