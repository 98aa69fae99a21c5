"""Clients of redis-py that need no socket."""

# redis-py's own types are wrong here and there, and hiredis has none.
# pyright: reportIncompatibleMethodOverride=false, reportArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false
# pyright: reportOptionalMemberAccess=false, reportMissingImports=false

from __future__ import annotations

import asyncio
import collections
import contextlib
import threading
from collections.abc import Callable, Iterable
from types import CoroutineType
from typing import Any

import redis
import redis.asyncio
from redis._parsers import _HiredisParser, _RESP2Parser
from redis.asyncio.client import Pipeline as AsyncPipeline
from redis.client import EMPTY_RESPONSE, NEVER_DECODE, Pipeline
from redis.utils import HIREDIS_AVAILABLE

from ._engine import CORK, Closed, Connection, Engine
from ._server import CarriedConnection

pack_command: Callable[[tuple[Any, ...]], bytes] | None = None
Reader: Any = None
if HIREDIS_AVAILABLE:
    from hiredis import Reader, pack_command

# Replies that redis-py passes on as they are; a list if it does not begin with an error.
_PLAIN = frozenset({bytes, str, int, float, bool, dict, set, type(None), list})
_MORE = object()  # hiredis' answer while no reply is whole
_UNUSUAL = frozenset({NEVER_DECODE, EMPTY_RESPONSE})  # options that change how replies are read
_STATEFUL = ("HIMPORT", "WATCH", "EXEC", "DISCARD")  # part of what redis-py keeps an account of


class Pipe(Connection):
    """The part of a socket that redis-py uses, with the engine at its other end."""

    sendall = Connection.put

    def __init__(self, engine: Engine, timeout: float | None) -> None:
        super().__init__(engine)
        self._arrived, self._timeout = threading.Event(), timeout
        self.open()

    def arrived(self) -> None:
        if len(self.outbox) > CORK:
            self.pause_writing()
        self._arrived.set()

    def take(self, size: int) -> bytes:
        full, data = len(self.outbox) > CORK, super().take(size)
        if full and len(self.outbox) <= CORK:
            self.resume_writing()
        return data

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def wait(self, timeout: float | None) -> bool:
        """Waits until there is something to read, and tells whether there is."""
        self._arrived.clear()
        if not (self.outbox or self.ended):
            self._arrived.wait(timeout)
        if self.ended and not self.outbox:
            raise ConnectionResetError("the engine has closed the connection")
        return bool(self.outbox)

    def recv(self, size: int, flags: int = 0) -> bytes:
        if not self.wait(self._timeout):
            raise TimeoutError("timed out")
        with self.engine._lock:
            return self.take(size)

    def recv_into(self, buffer: bytearray) -> int:
        data = self.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def shutdown(self, how: int) -> None:
        self.close()


class Stream(CarriedConnection, asyncio.StreamReader):
    """Reader and writer of asyncio's streams, as far as redis-py uses them."""

    write = Connection.put
    pause_reading, resume_reading = Connection.pause_writing, Connection.resume_writing

    def __init__(self, engine: Engine) -> None:
        asyncio.StreamReader.__init__(self)
        CarriedConnection.__init__(self, engine)
        self.give, self.finish = self.feed_data, self.feed_eof
        self.set_transport(self)  # type: ignore[arg-type]  # of which it takes pause and resume
        self.open()

    def writelines(self, lines: Iterable[bytes]) -> None:
        self.put(b"".join(lines))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    async def drain(self) -> None:
        await asyncio.sleep(0)  # who asks again and again lets others have their turn

    async def wait_closed(self) -> None:
        pass


class _Quick:
    """What connections for threads and for asyncio have in common: where there is hiredis, it packs
    requests and unpacks replies in one go, if all have come and none is out of the ordinary."""

    line: Any  # a Pipe or a Stream
    encoder: Any
    health_check_interval: Any
    _parser: Any
    ahead: collections.deque[Any] = collections.deque()  # replies that are unpacked
    _sent = False  # what is packed next is on its way

    def __init__(self, *, engine: Engine, **options: Any) -> None:
        super().__init__(**{"host": "redlet", "port": 0, **options})
        self._engine = engine

    def open(self, kind: Callable[..., Any], *options: Any) -> Any:
        self.ahead, self._sent = collections.deque(), False
        try:
            self.line = kind(self._engine, *options)
        except Closed as error:
            raise ConnectionRefusedError(str(error)) from error
        return self.line

    def pack_commands(self, commands: Any) -> Any:
        if self._sent:
            self._sent = False
            return []
        commands = list(commands)
        try:
            if pack_command and not any(" " in name for name in {args[0] for args in commands}):
                return [b"".join(map(pack_command, commands))]
        except TypeError:  # what redis-py's packer knows better, or refuses in its words
            pass
        return super().pack_commands(commands)  # type: ignore[misc]

    def unpack(self) -> None:
        """Unpacks what has come, if redis-py would pass all of it on as it is."""
        reader = getattr(self._parser, "_reader", None)  # there is none but in hiredis' parser
        if reader is None or reader.has_data() or getattr(self.line, "_buffer", None):
            return
        options = {"replyError": self._parser.parse_error, "notEnoughData": _MORE}
        if self.encoder.decode_responses:
            options |= {"encoding": self.encoder.encoding, "errors": self.encoder.encoding_errors}
        reader = Reader(**options)
        with self._engine._lock:
            reader.feed(self.line.outbox)
            try:
                replies = list(iter(reader.gets, _MORE))
            except Exception:  # redis-py says what is wrong with it
                return
            lists = (reply for reply in replies if type(reply) is list)
            error = any(items and isinstance(items[0], Exception) for items in lists)
            if _PLAIN.issuperset(map(type, replies)) and not (error or reader.has_data()):
                self.line.take(len(self.line.outbox))
                self.ahead.extend(replies)

    def look(self) -> None:
        """Does so for single replies; one that is not to be decoded would be."""
        if not (self.encoder.decode_responses or self.health_check_interval):
            self.unpack()

    def quickly(self, pipeline: Any, multi: bool, commands: Any) -> Any:
        """The replies to a pipeline; None if redis-py is to execute it, or to read its replies."""
        requests, options = zip(*commands, strict=True)
        used, names = set().union(*options), {args[0] for args in requests}
        stateful = any(part in str(name).upper() for name in names for part in _STATEFUL)
        if self.health_check_interval or stateful or used & _UNUSUAL:
            return None
        if multi:
            requests = (("MULTI",), *requests, ("EXEC",))
        try:
            self.line.put(b"".join(self.pack_commands(requests)))
        except BrokenPipeError:  # which redis-py finds as well, and says so
            return None
        self.unpack()
        replies: Any = list(self.ahead)
        if multi:  # EXEC answers None if a key that is watched was changed
            replies = len(replies) == len(requests) and replies[-1] or []
        if len(replies) != len(commands) or not _PLAIN.issuperset(map(type, replies)):
            self._sent = True
            return None
        self.ahead.clear()
        pipeline.watching = pipeline.watching and not multi
        if "keys" in used:  # which is for a cache alone
            for option in options:
                option.pop("keys", None)
        callbacks = {name: pipeline.response_callbacks.get(name) for name in names}
        if not any(callbacks.values()):
            return replies
        return [
            callback(reply, **option) if (callback := callbacks[args[0]]) else reply
            for (args, option), reply in zip(commands, replies, strict=True)
        ]


class _Hiredis(_HiredisParser):
    """hiredis' parser, but for its way to look for data, which takes a socket."""

    def can_read(self, timeout: float | None = 0) -> bool:
        waiting: bool = self._reader.has_data()
        return waiting or self._sock.wait(timeout)


class EngineConnection(_Quick, redis.Connection):
    """A connection of redis-py to an engine in this process."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"parser_class": _Hiredis if pack_command else _RESP2Parser, **options})

    def _connect(self) -> Any:
        return self.open(Pipe, self.socket_timeout)

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]
        self.look()

    def can_read(self, timeout: float = 0) -> bool:
        return bool(self.ahead) or bool(super().can_read(timeout))

    def read_response(self, *rest: Any, **options: Any) -> Any:
        return self.ahead.popleft() if self.ahead else super().read_response(*rest, **options)


class AsyncEngineConnection(_Quick, redis.asyncio.Connection):
    """A connection of redis.asyncio to an engine in this process."""

    async def _connect(self) -> None:
        self._reader = self._writer = self.open(Stream)

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if isinstance(command, list) and self.is_connected and not self.health_check_interval:
            with contextlib.suppress(BrokenPipeError):  # which redis-py finds as well, and says so
                self.line.writelines(command)  # at once: there is nothing to time
                self.look()
                await self.line.drain()
                return
        await super().send_packed_command(command, check_health)

    async def read_response(self, *rest: Any, **options: Any) -> Any:
        return self.ahead.popleft() if self.ahead else await super().read_response(*rest, **options)


def _quickly(pipeline: Any, multi: bool, connection: Any, commands: Any, *rest: Any) -> Any:
    if commands and isinstance(connection, _Quick):  # it is another one under a cache
        return connection.quickly(pipeline, multi, commands)
    return None


class _PlainSet:
    """SET without options is said at once: redis-py looks for each of the twelve, which takes 2 µs,
    more than all else together."""

    execute_command: Callable[..., Any]

    def set(self, name: Any, value: Any, *rest: Any, **options: Any) -> Any:
        if rest or options:
            return super().set(name, value, *rest, **options)  # type: ignore[misc]
        return self.execute_command("SET", name, value)


class _Pipeline(_PlainSet, Pipeline):
    def _execute_pipeline(self, *rest: Any) -> Any:
        return _quickly(self, False, *rest) or super()._execute_pipeline(*rest)  # type: ignore[no-untyped-call]

    def _execute_transaction(self, *rest: Any) -> Any:
        return _quickly(self, True, *rest) or super()._execute_transaction(*rest)


class _AsyncPipeline(_PlainSet, AsyncPipeline):  # type: ignore[misc]
    async def _execute_pipeline(self, *rest: Any) -> Any:
        return await _later(self, False, *rest) or await super()._execute_pipeline(*rest)

    async def _execute_transaction(self, *rest: Any) -> Any:
        return await _later(self, True, *rest) or await super()._execute_transaction(*rest)


async def _later(*about: Any) -> Any:
    if replies := _quickly(*about):
        await asyncio.sleep(0)  # as drain does
        return [await reply if type(reply) is CoroutineType else reply for reply in replies]


class Client(redis.Redis):
    """A client of redis-py whose pipelines are quick."""

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        callbacks = self.response_callbacks
        return _Pipeline(self.connection_pool, callbacks, transaction, shard_hint)


class AsyncClient(redis.asyncio.Redis):
    """The same of redis.asyncio."""

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> AsyncPipeline:
        callbacks = self.response_callbacks
        return _AsyncPipeline(self.connection_pool, callbacks, transaction, shard_hint)
