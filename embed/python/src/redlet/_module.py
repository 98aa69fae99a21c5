"""The compiled guest, kept in the user's cache folder between processes."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import platform
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import wasmtime
from wasmtime import _ffi as ffi

_log = logging.getLogger("redlet")
_lock = threading.Lock()
_loaded: list[tuple[wasmtime.Engine, wasmtime.Module]] = []
_KEPT = 4  # compiled modules, of 17 MB each


def load() -> tuple[wasmtime.Engine, wasmtime.Module]:
    """The module, compiled once in a process, and where it can be once on a machine."""
    with _lock:
        if not _loaded:
            _loaded.append(_load())
        return _loaded[0]


def _load() -> tuple[wasmtime.Engine, wasmtime.Module]:
    config = wasmtime.Config()
    config.max_wasm_stack = 1 << 20
    engine = wasmtime.Engine(config)
    wasm = Path(__file__).with_name("redlet.wasm").read_bytes()
    path = cache_folder() / f"redlet-{_key(wasm)}.cwasm"
    module = _cached(engine, path)
    if module is None:
        with _turn(path):
            module = _cached(engine, path)  # another process may have been at it
            if module is None:
                _log.info("compiling redlet.wasm, which is kept in %s", path)
                module = wasmtime.Module(engine, wasm)
                _keep(path, module)
    return engine, module


def cache_folder() -> Path:
    """Where compiled modules are kept: REDLET_CACHE_DIR, or redlet's own place for the user."""
    if own := os.environ.get("REDLET_CACHE_DIR"):
        return Path(own)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "redlet" / "python"


def _key(wasm: bytes) -> str:
    """What the code depends on: module, compiler, and what the processor can do."""
    flags = platform.processor()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", "rb") as info:
        flags = next(
            (str(line) for line in info if line.startswith((b"flags", b"Features"))), flags
        )
    key = hashlib.sha256(wasm)
    compiler = os.stat(ffi.filename).st_size  # its version is told by a slow module alone
    key.update(repr((compiler, platform.machine(), flags)).encode())
    return key.hexdigest()[:32]


def _cached(engine: wasmtime.Engine, path: Path) -> wasmtime.Module | None:
    if not path.exists():
        return None
    try:
        return wasmtime.Module.deserialize_file(engine, str(path))
    except wasmtime.WasmtimeError as error:
        _log.info("%s is of no use: %s", path, error)
        return None


@contextlib.contextmanager
def _turn(path: Path) -> Generator[None, None, None]:
    """Lets one process compile at a time, where the system has a way to say so."""
    try:
        import fcntl

        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open(path.with_suffix(".lock"), "wb")  # noqa: SIM115
    except (ImportError, OSError):
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(path: Path, module: wasmtime.Module) -> None:
    """Puts the compiled module in its place at once, so that nobody reads half of one."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        try:
            temporary.write_bytes(module.serialize())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        old = sorted(path.parent.glob("redlet-*.cwasm"), key=lambda p: p.stat().st_mtime)
        for one in old[:-_KEPT]:
            one.unlink()
            one.with_suffix(".lock").unlink(missing_ok=True)
    except OSError as error:
        _log.warning("the compiled redlet.wasm cannot be kept: %s", error)
