"""What a guest asks of files: on the disk where the server has a ``dir``, else in memory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from . import _abi

_READ_MAX = 1 << 20


class Files:
    """Files that are forgotten with the engine: SAVE has somewhere to go, but not the disk."""

    lasting = False

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._left: dict[str, tuple[int, bytes]] = {}  # what could not be appended, and the ticket

    def carry_out(self, kind: int, ticket: int, payload: bytes) -> Iterator[bytes]:
        """Carries an event out, and gives the frames that answer it."""
        path, offset, data = _abi.cut_path(payload)
        kind_of_answer, answer = _abi.IN_DONE, b""
        try:
            if kind == _abi.OUT_READ:
                size, piece = self._read(path, offset)
                kind_of_answer, answer = _abi.IN_CONTENT, size.to_bytes(8, "little") + piece
            elif kind == _abi.OUT_APPEND or kind == _abi.OUT_SYNC and path in self._left:
                yield from self._try(path, ticket, data)
            if kind == _abi.OUT_SYNC:
                self._sync(path)
            elif kind >= _abi.OUT_REPLACE:
                self._left.pop(path, None)
                self._replace(path, data) if kind == _abi.OUT_REPLACE else self._remove(path)
        except OSError as error:
            answer = _abi.words(error)
            if kind == _abi.OUT_READ and isinstance(error, FileNotFoundError):
                kind_of_answer, answer = _abi.IN_ABSENT, b""
        if ticket and kind != _abi.OUT_APPEND:
            yield _abi.frame(kind_of_answer, 0, answer, ticket)

    def _try(self, path: str, ticket: int, data: bytes) -> Iterator[bytes]:
        """Appends behind what could not be. Says when that fails, or no longer does."""
        ticket, left = self._left.get(path, (ticket, b""))
        try:
            self._append(path, left + data)
        except OSError as error:
            self._left[path] = ticket, left + data
            yield _abi.frame(_abi.IN_APPENDED, 0, _abi.words(error), ticket)
            raise
        if self._left.pop(path, None):
            yield _abi.frame(_abi.IN_APPENDED, 0, b"", ticket)

    def _read(self, path: str, offset: int) -> tuple[int, bytes]:
        if path not in self._files:
            raise FileNotFoundError
        return len(self._files[path]), self._files[path][offset : offset + _READ_MAX]

    def _append(self, path: str, data: bytes) -> None:
        self._files[path] = self._files.get(path, b"") + data

    def _sync(self, path: str) -> None:
        pass

    def _replace(self, path: str, data: bytes) -> None:
        self._files[path] = data

    def _remove(self, path: str) -> None:
        self._files.pop(path, None)


class Disk(Files):
    """Files on the disk."""

    lasting = True

    def _read(self, path: str, offset: int) -> tuple[int, bytes]:
        with open(path, "rb") as file:
            file.seek(offset)
            return os.fstat(file.fileno()).st_size, file.read(_READ_MAX)

    def _append(self, path: str, data: bytes) -> None:
        if not os.path.exists(folder := os.path.dirname(path)):
            os.mkdir(folder)
        with open(path, "ab", buffering=0) as file:
            size, left = file.tell(), memoryview(data)
            try:
                while left:
                    left = left[file.write(left) :]
            except OSError:
                file.truncate(size)  # half of a command may be there
                raise

    def _sync(self, path: str, flags: int = os.O_RDWR) -> None:
        file = os.open(path, flags)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def _replace(self, path: str, data: bytes) -> None:
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            with open(temporary, "wb") as file:
                file.write(data)
            self._sync(temporary)
            os.replace(temporary, path)
        finally:
            self._remove(temporary)
        if os.name == "posix":
            self._sync(os.path.dirname(path), os.O_RDONLY)

    def _remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
