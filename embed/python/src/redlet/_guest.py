"""The engine in WebAssembly: its module, and instances of it."""

# wasmtime's bindings of C have no types.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi

from . import _abi

_log = logging.getLogger("redlet")
_KEPT = 4  # compiled modules, of 17 MB each
_LAST_WORDS = 4096


class EngineDied(Exception):
    """The engine broke. Its log's last lines are in ``log``; another one has taken its place."""

    def __init__(self, reason: str, log: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason, self.log = reason, list(log)

    def __str__(self) -> str:
        return "\n".join(["the engine died: " + self.reason, *self.log])


def cache_folder() -> Path:
    """Where the user keeps what can be made anew."""
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("REDLET_CACHE_DIR") or f"{base}/redlet/python").expanduser()


@functools.cache
def load() -> tuple[wasmtime.Engine, wasmtime.Module]:
    """The module, compiled once on a machine, and kept in the user's cache folder if it can be."""
    config = wasmtime.Config()
    config.max_wasm_stack = 1 << 20
    engine = wasmtime.Engine(config)
    wasm = Path(__file__).with_name("redlet.wasm").read_bytes()
    folder = cache_folder()
    path = folder / f"redlet-{hashlib.sha256(wasm).hexdigest()[:32]}.cwasm"

    def kept() -> wasmtime.Module | None:
        with contextlib.suppress(wasmtime.WasmtimeError):  # of another compiler, or none
            return wasmtime.Module.deserialize_file(engine, str(path))
        return None

    module = kept()  # also where nobody may write
    try:
        if not module:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(folder / "lock", "wb") as lock:
                with contextlib.suppress(ImportError):  # who has none compiles beside others
                    import fcntl

                    fcntl.flock(lock, fcntl.LOCK_EX)
                if not (module := kept()):  # no other process was at it
                    _log.info("compiling redlet.wasm, which is kept in %s", path)
                    module = wasmtime.Module(engine, wasm)
                    temporary = path.with_suffix(f".{os.getpid()}")  # nobody finds half of one
                    temporary.write_bytes(module.serialize())
                    temporary.replace(path)
                    for old in sorted(folder.glob("redlet-*"), key=os.path.getmtime)[:-_KEPT]:
                        old.unlink()
    except OSError as error:
        _log.warning("the compiled redlet.wasm cannot be kept: %s", error)
    return engine, module or wasmtime.Module(engine, wasm)


# All that an instance is between two steps: its memory, and its globals.
Image = tuple[bytes, list[Any]]


class Guest:
    """A running guest. After EngineDied it must be dropped."""

    def __init__(self, image: Image | None = None) -> None:
        engine, module = load()
        self._words: list[bytes] = []
        self._store = store = wasmtime.Store(engine)
        wasi = wasmtime.WasiConfig()
        wasi.stderr_custom = self._words.append
        store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        exports: Any = linker.instantiate(store, module).exports(store)
        self._memory: wasmtime.Memory = exports["memory"]
        self._globals = [one for one in exports.values() if isinstance(one, wasmtime.Global)]
        if image:
            self._become(*image)
        else:
            exports["_initialize"](store)
            if (version := exports["abi_version"](store)) != 2:
                raise RuntimeError(f"redlet.wasm speaks ABI {version}, not 2")
        self._control: int = exports["control"](store) & 0xFFFFFFFF
        self._input, self._step = exports["input"], exports["step"]
        self._values = (ffi.wasmtime_val_raw_t * 2)()
        self._trap = ctypes.POINTER(ffi.wasm_trap_t)()
        self.deadline = float("inf")

    def image(self) -> Image:
        """What the guest is now."""
        memory = ctypes.string_at(self._base(), self._memory.data_len(self._store))
        return memory, [value.value(self._store) for value in self._globals]

    def _become(self, memory: bytes, values: list[Any]) -> None:
        if (missing := len(memory) - self._memory.data_len(self._store)) > 0:
            self._memory.grow(self._store, -(-missing // 65536))
        ctypes.memmove(self._base(), memory, len(memory))
        for one, value in zip(self._globals, values, strict=True):
            one.set_value(self._store, value)

    def _base(self) -> int:
        """Where the memory is: any call may have moved it."""
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def step(self, frames: bytes, now: float) -> bytes:
        """Hands frames in at a time in microseconds, and returns those that come of it."""
        try:
            if frames:
                address = self._call(self._input, len(frames))
                ctypes.memmove(self._base() + address, frames, len(frames))
            status = self._call(self._step, len(frames), now)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            words = b"".join(self._words)[:_LAST_WORDS].decode(errors="replace").splitlines()
            words = words or str(error).splitlines()[-1:]
            raise EngineDied(words[0].strip(), words[1:]) from error
        base = self._base()
        at, size, self.deadline = _abi.CONTROL.unpack(ctypes.string_at(base + self._control, 16))
        output = ctypes.string_at(base + at, size)
        if status != 0:
            raise EngineDied(f"status {status}: {output[16:].decode(errors='replace')}")
        return output

    def _call(self, function: wasmtime.Func, size: int, now: float = 0.0) -> int:
        """Calls without asking for the function's types each time, as wasmtime.Func does."""
        self._values[0].i32, self._values[1].f64 = size, now
        call = self._store._context(), function._func, self._values, 2, self._trap
        if error := ffi.wasmtime_func_call_unchecked(*call):
            raise wasmtime.WasmtimeError._from_ptr(error)
        if self._trap:
            raise wasmtime.Trap._from_ptr(self._trap)
        return int(self._values[0].i32) & 0xFFFFFFFF
