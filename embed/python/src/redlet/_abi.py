"""Frames of the guest's ABI, version 2: wasm/ABI.md says what each means."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from typing import Final

# Parameters of redis.conf.
Config = Mapping[str, "str | int | bool | os.PathLike[str]"]

VERSION: Final = 2
CRASHED: Final = "crashed"  # begins what SHUTDOWN says after DEBUG PANIC and the like
HEADER: Final = struct.Struct("<4I")
CONTROL: Final = struct.Struct("<IId")
PATH: Final = struct.Struct("<QI")

IN_CONFIGURE: Final = 1
IN_OPEN: Final = 2
IN_DATA: Final = 3
IN_CLOSE: Final = 4
IN_CORK: Final = 5
IN_UNCORK: Final = 6
IN_STOP: Final = 7
IN_SNAPSHOT: Final = 8
IN_RESTORE: Final = 9
IN_CONNECTED: Final = 10
IN_DONE: Final = 11
IN_CONTENT: Final = 12
IN_ABSENT: Final = 13
IN_APPENDED: Final = 14
IN_CONTROL: Final = 15

OUT_HANGUP: Final = 2
OUT_CONNECT: Final = 3
OUT_SHUTDOWN: Final = 4
OUT_LOG: Final = 5
OUT_READ: Final = 9
OUT_APPEND: Final = 10
OUT_SYNC: Final = 11
OUT_REPLACE: Final = 12
OUT_REMOVE: Final = 13
OUT_CLUSTER: Final = 15
OUT_CONFIG: Final = 16


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


def configuration(seed: bytes, config: Config) -> bytes:
    """The payload of CONFIGURE."""
    text = "".join(f"{name} {_quoted(value)}\n" for name, value in config.items())
    return seed + text.encode()


def _quoted(value: str | int | bool | os.PathLike[str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value) if isinstance(value, int) else os.fspath(value)  # which refuses None
    return '"' + "".join(f"\\x{byte:02x}" for byte in os.fsencode(text)) + '"'
