"""Connections for redis-py that need no socket."""

# redis-py's own types are wrong here and there, and hiredis has none.
# pyright: reportIncompatibleMethodOverride=false, reportArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false
# pyright: reportOptionalMemberAccess=false, reportMissingImports=false

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import operator
import threading
from collections.abc import Callable, Iterable, Mapping
from types import CoroutineType
from typing import Any

import redis
import redis.asyncio
from redis._parsers import _HiredisParser, _RESP2Parser
from redis.asyncio.client import Pipeline as AsyncPipeline
from redis.asyncio.connection import AbstractConnection as AsyncConnection
from redis.client import EMPTY_RESPONSE, NEVER_DECODE, Pipeline
from redis.connection import AbstractConnection
from redis.utils import HIREDIS_AVAILABLE

from ._engine import CarriedConnection, Closed, Connection, Engine

pack_command: Callable[[tuple[Any, ...]], bytes] | None = None
Reader: Any = None
if HIREDIS_AVAILABLE:
    from hiredis import Reader, pack_command

_FIRST = operator.itemgetter(0)

# Replies that redis-py passes on as they are; a list if it does not begin with an error.
_PLAIN = frozenset({bytes, str, int, float, bool, dict, type(None), list})
_MORE = object()  # hiredis' answer while no reply is whole
_UNUSUAL = frozenset({NEVER_DECODE, EMPTY_RESPONSE})  # options that change how replies are read
_STATEFUL = ("HIMPORT", "WATCH", "EXEC", "DISCARD")  # part of what redis-py keeps an account of


class _Line(Connection):
    """A connection whose client looks at what there is as soon as it has written."""

    look: Callable[[], None]

    def write(self, data: bytes) -> None:
        if self.ended:
            raise BrokenPipeError("the engine has closed the connection")
        self.put(data)
        self.look()


class Pipe(_Line):
    """The part of a socket that redis-py uses, with the engine at its other end."""

    def __init__(self, engine: Engine, timeout: float | None, look: Callable[[], None]) -> None:
        super().__init__(engine)
        self.look = look
        self._arrived = threading.Condition(engine.lock)
        self._timeout = timeout
        self.open()

    sendall = _Line.write

    def arrived(self) -> None:
        self._arrived.notify_all()

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def wait(self, timeout: float | None) -> bool:
        """Waits until there is something to read, and tells whether there is."""
        with self._arrived:
            self._arrived.wait_for(lambda: self.outbox or self.ended, timeout)
            if self.ended and not self.outbox:
                raise ConnectionResetError("the engine has closed the connection")
            return bool(self.outbox)

    def recv(self, size: int, flags: int = 0) -> bytes:
        if not self.wait(self._timeout):
            raise TimeoutError("timed out")
        with self._arrived:
            return self.take(size)

    def recv_into(self, buffer: bytearray) -> int:
        data = self.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def shutdown(self, how: int) -> None:
        self.close()


class Stream(_Line, CarriedConnection, asyncio.StreamReader):
    """Reader and writer of asyncio's streams, as far as redis-py uses them."""

    pause_reading = CarriedConnection.pause_writing
    resume_reading = CarriedConnection.resume_writing

    def __init__(self, engine: Engine, look: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        asyncio.StreamReader.__init__(self, loop=loop)
        CarriedConnection.__init__(self, engine, loop)
        self.look, self.give, self.finish = look, self.feed_data, self.feed_eof
        self.set_transport(self)  # type: ignore[arg-type]  # of which it takes the next two
        self.open()

    def writelines(self, lines: Iterable[bytes]) -> None:
        self.write(b"".join(lines))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    async def drain(self) -> None:
        await asyncio.sleep(0)  # who asks again and again lets others have their turn

    async def wait_closed(self) -> None:
        pass


class _Quick:
    """What connections for threads and for asyncio have in common: where there is hiredis, it packs
    requests and unpacks replies in one go, if all have come and none is out of the ordinary."""

    _engine: Engine
    encoder: Any
    health_check_interval: Any
    _parser: Any
    db: Any
    _ahead: collections.deque[Any] = collections.deque()  # replies that are unpacked
    _sent = False  # what is packed next is on its way

    def _open(self, kind: Callable[..., Any], *arguments: Any) -> Any:
        self._ahead, self._sent = collections.deque(), False
        try:
            self._line = kind(self._engine, *arguments, self._look)
        except Closed as error:
            raise ConnectionRefusedError(str(error)) from error
        return self._line

    def repr_pieces(self) -> list[tuple[str, Any]]:
        return [("db", self.db)]

    def _host_error(self) -> str:
        return "redlet"

    def pack_commands(self, commands: Any) -> Any:
        if self._sent:
            self._sent = False
            return []
        commands = list(commands)
        try:
            if pack_command and not any(" " in name for name in set(map(_FIRST, commands))):
                return [b"".join(map(pack_command, commands))]
        except TypeError:  # what redis-py's packer knows better, or refuses in its words
            pass
        return super().pack_commands(commands)  # type: ignore[misc]

    def _look(self) -> None:  # a reply that is not to be decoded would be
        if not (self.encoder.decode_responses or self.health_check_interval):
            self._unpack()

    def _unpack(self) -> None:
        """Unpacks what has come, if redis-py would pass all of it on as it is."""
        reader = getattr(self._parser, "_reader", None)  # there is none but in hiredis' parser
        if reader is None or reader.has_data() or getattr(self._line, "_buffer", None):
            return
        options = {"replyError": self._parser.parse_error, "notEnoughData": _MORE}
        if self.encoder.decode_responses:
            options |= {"encoding": self.encoder.encoding, "errors": self.encoder.encoding_errors}
        reader = Reader(**options)
        with self._engine.lock:
            reader.feed(self._line.outbox)
            try:
                replies = list(iter(reader.gets, _MORE))
            except Exception:  # redis-py says what is wrong with it
                return
            lists = (reply for reply in replies if type(reply) is list)
            error = any(items and isinstance(items[0], Exception) for items in lists)
            if _PLAIN.issuperset(map(type, replies)) and not (error or reader.has_data()):
                self._line.take(len(self._line.outbox))
                self._ahead.extend(replies)

    def quickly(self, pipeline: Any, multi: bool, commands: Any) -> Any:
        """The replies to a pipeline; None if redis-py is to execute it, or to read its replies."""
        requests, options = map(list, zip(*commands, strict=True))
        used = set(itertools.chain.from_iterable(options))
        names = set(map(_FIRST, requests))
        if (
            self.health_check_interval
            or self._ahead
            or self._line.outbox
            or self._line.ended
            or not used.isdisjoint(_UNUSUAL)
            or any(part in str(name).upper() for name in names for part in _STATEFUL)
        ):
            return None
        if multi:
            requests = [("MULTI",), *requests, ("EXEC",)]
        for piece in self.pack_commands(requests):
            self._line.put(piece)
        self._unpack()
        replies = list(self._ahead)
        whole = len(replies) == len(requests)
        if multi and whole:
            replies = replies[-1] or []  # which is None if a key that is watched was changed
            whole = not any(isinstance(reply, Exception) for reply in replies)
        if not whole or len(replies) != len(commands):
            self._sent = True
            return None
        self._ahead.clear()
        if multi:
            pipeline.watching = False
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


class EngineConnection(_Quick, AbstractConnection):
    """A connection of redis-py to an engine in this process."""

    host: Any = "redlet"  # client-side caching wants to know it, and the port
    port = 0

    def __init__(self, engine: Engine, socket_timeout: float | None = None, **options: Any) -> None:
        options.setdefault("parser_class", _Hiredis if pack_command else _RESP2Parser)
        super().__init__(socket_timeout=socket_timeout, **options)
        self._engine = engine

    def _connect(self) -> Any:
        return self._open(Pipe, self.socket_timeout)

    def can_read(self, timeout: float = 0) -> bool:
        return bool(self._ahead) or bool(super().can_read(timeout))

    def read_response(self, disable_decoding: bool = False, **options: Any) -> Any:
        if self._ahead:
            return self._ahead.popleft()
        return super().read_response(disable_decoding, **options)


class AsyncEngineConnection(_Quick, AsyncConnection):
    """A connection of redis.asyncio to an engine in this process."""

    def __init__(self, *, engine: Engine, **options: Any) -> None:
        super().__init__(**options)
        self._engine = engine

    async def _connect(self) -> None:
        self._reader = self._writer = self._open(Stream)

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if isinstance(command, list) and self.is_connected and not self.health_check_interval:
            with contextlib.suppress(BrokenPipeError):  # which redis-py finds as well, and says so
                self._line.write(b"".join(command))  # at once: there is nothing to time
                await self._line.drain()
                return
        await super().send_packed_command(command, check_health)

    async def read_response(
        self, disable_decoding: bool = False, *rest: Any, **options: Any
    ) -> Any:
        if self._ahead:
            return self._ahead.popleft()
        return await super().read_response(disable_decoding, *rest, **options)


def _quickly(pipeline: Any, multi: bool, connection: Any, commands: Any, *rest: Any) -> Any:
    # Under a cache the connection is another one.
    return connection.quickly(pipeline, multi, commands) if isinstance(connection, _Quick) else None


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
        return await _later(_quickly(self, False, *rest)) or await super()._execute_pipeline(*rest)

    async def _execute_transaction(self, *rest: Any) -> Any:
        quick = await _later(_quickly(self, True, *rest))
        return quick or await super()._execute_transaction(*rest)


async def _later(replies: list[Any] | None) -> list[Any] | None:
    if replies:
        await asyncio.sleep(0)  # as drain does
        replies = [await reply if type(reply) is CoroutineType else reply for reply in replies]
    return replies


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


def pool(engine: Engine, options: Mapping[str, Any]) -> redis.ConnectionPool:
    """A pool of connections to an engine."""
    return redis.ConnectionPool(connection_class=EngineConnection, engine=engine, **options)


def async_pool(engine: Engine, options: Mapping[str, Any]) -> redis.asyncio.ConnectionPool:
    """A pool of redis.asyncio."""
    return redis.asyncio.ConnectionPool(
        connection_class=AsyncEngineConnection, engine=engine, **options
    )
