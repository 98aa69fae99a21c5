"""One instance of the engine in WebAssembly."""

# wasmtime's bindings of C have no types.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, cast

import wasmtime
from wasmtime import _ffi as ffi

from . import _abi, _module

# What the guest's runtime is to keep its heap below, of the 4 GiB that a module can have.
_MEMORY_LIMIT = 2**32 - 2**32 // 16 - (8 << 20)
_LAST_WORDS = 4096


class EngineDied(Exception):
    """The engine broke. Its log's last lines are in ``log``; another one has taken its place."""

    def __init__(self, reason: str, log: Sequence[str] = ()) -> None:
        super().__init__("\n".join(["the engine died: " + reason, *log]))
        self.reason = reason
        self.log = list(log)


# All that an instance is between two steps: its memory, and its globals.
Image = tuple[bytes, list[Any]]


class Guest:
    """A running guest. After EngineDied it must be dropped."""

    def __init__(self, image: Image | None = None) -> None:
        engine, module = _module.load()
        self._last_words = b""
        self._store = wasmtime.Store(engine)
        wasi = wasmtime.WasiConfig()
        wasi.env = [("GOMEMLIMIT", str(_MEMORY_LIMIT))]
        wasi.stderr_custom = self._hear
        self._store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        self._exports = linker.instantiate(self._store, module).exports(self._store)
        self._memory = cast(wasmtime.Memory, self._exports["memory"])
        self._globals = [e for e in self._exports.values() if isinstance(e, wasmtime.Global)]
        if image is None:
            self._function("_initialize")(self._store)
            if (version := self._function("abi_version")(self._store)) != _abi.VERSION:
                raise RuntimeError(f"redlet.wasm speaks ABI {version}, not {_abi.VERSION}")
        else:
            self._become(image)
        self._control: int = self._function("control")(self._store) & 0xFFFFFFFF
        self._input = _Call(self._store, self._function("input"), ffi.WASMTIME_I32)
        self._step = _Call(self._store, self._function("step"), ffi.WASMTIME_I32, ffi.WASMTIME_F64)
        self.deadline = float("inf")

    def _function(self, name: str) -> wasmtime.Func:
        return cast(wasmtime.Func, self._exports[name])

    def _hear(self, words: bytes) -> None:
        self._last_words = (self._last_words + words)[:_LAST_WORDS]

    @property
    def memory_size(self) -> int:
        """Bytes of memory that the instance has."""
        return self._memory.data_len(self._store)

    def image(self) -> Image:
        """What the guest is now."""
        memory = ctypes.string_at(self._base(), self.memory_size)
        return memory, [value.value(self._store) for value in self._globals]

    def _become(self, image: Image) -> None:
        memory, values = image
        if (missing := len(memory) - self.memory_size) > 0:
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
                address = self._input(len(frames)) & 0xFFFFFFFF
                ctypes.memmove(self._base() + address, frames, len(frames))
            status = self._step(len(frames), now)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            words = self._last_words.decode(errors="replace").splitlines()
            why = str(error).splitlines()[-1].strip()
            raise EngineDied(words[0] if words else why, words[1:]) from error
        base = self._base()
        at, size, self.deadline = _abi.CONTROL.unpack(ctypes.string_at(base + self._control, 16))
        output = ctypes.string_at(base + at, size)
        if status != 0:
            raise EngineDied(f"status {status}: {output[16:].decode(errors='replace')}")
        return output


class _Call:
    """A function of the guest that gives an i32. wasmtime.Func asks for the types at each call."""

    def __init__(self, store: wasmtime.Store, function: wasmtime.Func, *kinds: Any) -> None:
        self._parameters = (ffi.wasmtime_val_t * len(kinds))()
        for parameter, kind in zip(self._parameters, kinds, strict=True):
            parameter.kind = kind
        self._result = (ffi.wasmtime_val_t * 1)()
        self._trap = ctypes.POINTER(ffi.wasm_trap_t)()
        self._last = (store, function)  # they must outlive the call
        self._arguments = (
            *(store._context(), ctypes.byref(function._func)),
            *(self._parameters, len(kinds), self._result, 1, ctypes.byref(self._trap)),
        )

    def __call__(self, size: int, now: float = 0.0) -> int:
        self._parameters[0].of.i32 = size
        if len(self._parameters) > 1:
            self._parameters[1].of.f64 = now
        error = ffi.wasmtime_func_call(*self._arguments)
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        if self._trap:
            trap, self._trap = self._trap, ctypes.POINTER(ffi.wasm_trap_t)()
            raise wasmtime.Trap._from_ptr(trap)
        return int(self._result[0].of.i32)
