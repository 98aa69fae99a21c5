"""What a guest asks of files: on the disk where the server has a ``dir``, else in memory."""

from __future__ import annotations

import contextlib
import os
from typing import BinaryIO

from . import _abi

_READ_MAX = 1 << 20


class Files:
    """Files that are forgotten with the engine: SAVE has somewhere to go, but not the disk."""

    lasting = False

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def carry_out(self, kind: int, ticket: int, payload: bytes, inbox: list[bytes]) -> None:
        """Carries an event out, and appends the frames that answer it."""
        path, offset, data = _abi.cut_path(payload)
        why = b""
        try:
            if kind == _abi.OUT_READ:
                size, piece = self._read(path, offset)
                content = size.to_bytes(8, "little") + piece
                return inbox.append(_abi.frame(_abi.IN_CONTENT, 0, content, ticket))
            if kind == _abi.OUT_APPEND:
                return self._append(path, data, ticket, inbox)
            if kind == _abi.OUT_SYNC:
                self._sync(path, inbox)
            elif kind == _abi.OUT_REPLACE:
                self._replace(path, data)
            else:
                self._remove(path)
        except OSError as error:
            if kind == _abi.OUT_APPEND:
                return None  # it has said so
            if kind == _abi.OUT_READ and isinstance(error, FileNotFoundError):
                return inbox.append(_abi.frame(_abi.IN_ABSENT, 0, b"", ticket))
            why = _abi.words(error)
        if ticket:
            inbox.append(_abi.frame(_abi.IN_DONE, 0, why, ticket))

    def close(self) -> None:
        """Drops what is not on the disk."""
        self._files.clear()

    def _read(self, path: str, offset: int) -> tuple[int, bytes]:
        if path not in self._files:
            raise FileNotFoundError
        file = self._files[path]
        return len(file), file[offset : offset + _READ_MAX]

    def _append(self, path: str, data: bytes, ticket: int, inbox: list[bytes]) -> None:
        self._files[path] = self._files.get(path, b"") + data

    def _sync(self, path: str, inbox: list[bytes]) -> None:
        pass

    def _replace(self, path: str, data: bytes) -> None:
        self._files[path] = data

    def _remove(self, path: str) -> None:
        self._files.pop(path, None)


class Disk(Files):
    """Files on the disk."""

    lasting = True

    def __init__(self) -> None:
        self._tails: dict[str, _Tail] = {}

    def close(self) -> None:
        for path in list(self._tails):
            self._drop(path)

    def _drop(self, path: str) -> None:
        if (tail := self._tails.pop(path, None)) and tail.file:
            tail.file.close()

    def _read(self, path: str, offset: int) -> tuple[int, bytes]:
        with open(path, "rb") as file:
            file.seek(offset)
            return os.fstat(file.fileno()).st_size, file.read(_READ_MAX)

    def _append(self, path: str, data: bytes, ticket: int, inbox: list[bytes]) -> None:
        self._tails.setdefault(path, _Tail(path, ticket)).append(data, inbox)

    def _sync(self, path: str, inbox: list[bytes]) -> None:
        if tail := self._tails.get(path):
            tail.append(b"", inbox)
            assert tail.file
            os.fsync(tail.file.fileno())

    def _replace(self, path: str, data: bytes) -> None:
        self._drop(path)
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            with open(temporary, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(os.path.dirname(path), os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _remove(self, path: str) -> None:
        self._drop(path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


class _Tail:
    """The end of a file that is appended to."""

    def __init__(self, path: str, ticket: int) -> None:
        self.file: BinaryIO | None = None
        self._path, self._ticket = path, ticket
        self._size = 0  # what of the file is good
        self._left = b""  # what could not be written yet
        self._failed = False

    def append(self, data: bytes, inbox: list[bytes]) -> None:
        """Writes what is to be written, and says when that fails, or no longer does."""
        self._left += data
        failed, self._failed = self._failed, True
        try:
            self._write(failed)
        except OSError as error:
            inbox.append(_abi.frame(_abi.IN_APPENDED, 0, _abi.words(error), self._ticket))
            raise
        self._failed = False
        if failed:
            inbox.append(_abi.frame(_abi.IN_APPENDED, 0, b"", self._ticket))

    def _write(self, failed: bool) -> None:
        if self.file is None:
            self.file = _open(self._path)
            self._size = self.file.seek(0, os.SEEK_END)
        elif failed:
            self.file.truncate(self._size)  # half of a command may be there
        left = memoryview(self._left)
        while left:
            left = left[os.write(self.file.fileno(), left) :]
        self._size += len(self._left)
        self._left = b""


def _open(path: str) -> BinaryIO:
    try:
        return open(path, "ab", buffering=0)
    except FileNotFoundError:
        os.mkdir(os.path.dirname(path))
        return open(path, "ab", buffering=0)
