"""Files that are forgotten with the engine: SAVE has somewhere to go, and nothing is written."""

from __future__ import annotations

from . import _abi

_READ_MAX = 1 << 20


class Files:
    """What an engine has saved, by path."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def answer(self, kind: int, ticket: int, payload: bytes) -> bytes:
        """Carries an event out, and returns the frame that answers it, if one is wanted."""
        path, offset, data = _abi.cut_path(payload)
        if kind == _abi.OUT_READ:
            if (file := self._files.get(path)) is None:
                return _abi.frame(_abi.IN_ABSENT, 0, b"", ticket)
            piece = len(file).to_bytes(8, "little") + file[offset : offset + _READ_MAX]
            return _abi.frame(_abi.IN_CONTENT, 0, piece, ticket)
        if kind == _abi.OUT_APPEND:
            self._files[path] = self._files.get(path, b"") + data
            return b""
        if kind == _abi.OUT_REPLACE:
            self._files[path] = data
        elif kind == _abi.OUT_REMOVE:
            self._files.pop(path, None)
        return _abi.frame(_abi.IN_DONE, 0, b"", ticket) if ticket else b""
