"""The compiled guest, kept in the user's cache folder between processes."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from pathlib import Path

import wasmtime

_log = logging.getLogger("redlet")
_lock = threading.Lock()
_loaded: list[tuple[wasmtime.Engine, wasmtime.Module]] = []
_KEPT = 4  # compiled modules, of 17 MB each


def load() -> tuple[wasmtime.Engine, wasmtime.Module]:
    """The module, compiled once in a process, and where it can be once on a machine."""
    with _lock:
        if not _loaded:
            config = wasmtime.Config()
            config.max_wasm_stack = 1 << 20
            engine = wasmtime.Engine(config)
            wasm = Path(__file__).with_name("redlet.wasm").read_bytes()
            try:
                module = _cached(engine, wasm)
            except OSError as error:
                _log.warning("the compiled redlet.wasm cannot be kept: %s", error)
                module = wasmtime.Module(engine, wasm)
            _loaded.append((engine, module))
        return _loaded[0]


def _folder() -> Path:
    """Where the user keeps what can be made anew."""
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("REDLET_CACHE_DIR") or f"{base}/redlet/python").expanduser()


def _cached(engine: wasmtime.Engine, wasm: bytes) -> wasmtime.Module:
    folder = _folder()
    path = folder / f"redlet-{hashlib.sha256(wasm).hexdigest()[:32]}.cwasm"
    if module := _read(engine, path):  # also where nobody may write
        return module
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / "lock", "wb") as lock:
        with contextlib.suppress(ImportError):  # who has no such locks compiles beside others
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        if module := _read(engine, path):  # another process was at it
            return module
        _log.info("compiling redlet.wasm, which is kept in %s", path)
        module = wasmtime.Module(engine, wasm)
        temporary = path.with_suffix(f".{os.getpid()}")  # so that nobody finds half of one
        temporary.write_bytes(module.serialize())
        temporary.replace(path)
        for old in sorted(folder.glob("redlet-*"), key=os.path.getmtime)[:-_KEPT]:
            old.unlink()
        return module


def _read(engine: wasmtime.Engine, path: Path) -> wasmtime.Module | None:
    if path.exists():
        try:
            return wasmtime.Module.deserialize_file(engine, str(path))
        except wasmtime.WasmtimeError as error:  # of another compiler, for another processor
            _log.info("%s is of no use: %s", path, error)
    return None
