"""Connections for redis-py that need no socket."""

# redis-py's own types are wrong here and there.
# pyright: reportIncompatibleMethodOverride=false, reportArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportOptionalMemberAccess=false, reportMissingImports=false

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import redis
import redis.asyncio
from redis._parsers import _HiredisParser, _RESP2Parser
from redis.asyncio.connection import AbstractConnection as AsyncConnection
from redis.client import NEVER_DECODE, Pipeline
from redis.connection import AbstractConnection
from redis.exceptions import ResponseError
from redis.utils import HIREDIS_AVAILABLE

from ._engine import Closed, Connection, Engine

pack_command: Callable[[tuple[Any, ...]], bytes] | None = None
if HIREDIS_AVAILABLE:
    from hiredis import pack_command


class Pipe:
    """The part of a socket that redis-py uses, with the engine at its other end."""

    def __init__(self, engine: Engine, timeout: float | None) -> None:
        self._arrived = threading.Condition(engine.lock)
        self._connection = engine.connect(self._arrived.notify_all)
        self._timeout = timeout

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def sendall(self, data: bytes) -> None:
        with self._arrived:
            if self._connection.ended:
                raise BrokenPipeError("the engine has closed the connection")
            self._connection.put(data)
            self._connection.engine.run()

    def recv(self, size: int, flags: int = 0) -> bytes:
        connection = self._connection
        with self._arrived:
            if not (connection.outbox or connection.ended):
                if self._timeout == 0:
                    raise BlockingIOError(11, "nothing has come")
                self._arrived.wait_for(lambda: connection.outbox or connection.ended, self._timeout)
                if not (connection.outbox or connection.ended):
                    raise TimeoutError("timed out")
            return connection.take(size)

    def recv_into(self, buffer: bytearray) -> int:
        data = self.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def shutdown(self, how: int) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        with self._arrived:
            self._arrived.notify_all()


class _Reader:
    """hiredis' reader, which takes its last reply back."""

    def __init__(self, reader: Any) -> None:
        self.feed, self.has_data, self.gets = reader.feed, reader.has_data, reader.gets

    def take_back(self, reply: Any) -> None:
        gets = self.gets

        def again(*decode: bool) -> Any:
            self.gets = gets
            return reply

        self.gets = again


class _Hiredis(_HiredisParser):
    """hiredis' parser, but for its way to look for data, which takes a socket."""

    def on_connect(self, connection: AbstractConnection, **options: Any) -> None:
        super().on_connect(connection, **options)  # type: ignore[no-untyped-call]
        self._reader: Any = _Reader(self._reader)

    def can_read(self, timeout: float | None = 0) -> bool:
        waiting: bool = self._reader.has_data()
        return waiting or bool(self.read_from_socket(timeout, False))  # type: ignore[no-untyped-call]


class EngineConnection(AbstractConnection):
    """A connection of redis-py to an engine in this process."""

    host: Any = "redlet"  # client-side caching wants to know it, and the port
    port = 0

    def __init__(self, engine: Engine, socket_timeout: float | None = None, **options: Any) -> None:
        options.setdefault("parser_class", _Hiredis if pack_command else _RESP2Parser)
        super().__init__(socket_timeout=socket_timeout, **options)
        self._engine = engine

    def pack_commands(self, commands: Sequence[tuple[Any, ...]]) -> list[bytes]:
        try:
            if pack_command and not any(" " in command[0] for command in commands):
                return [b"".join(map(pack_command, commands))]
        except TypeError:  # what redis-py's packer knows better, or refuses in its words
            pass
        packed: list[bytes] = super().pack_commands(commands)  # type: ignore[no-untyped-call]
        return packed

    def repr_pieces(self) -> list[tuple[str, Any]]:
        return [("db", self.db)]

    def _connect(self) -> Pipe:
        try:
            return Pipe(self._engine, self.socket_timeout)
        except Closed as error:
            raise ConnectionRefusedError(str(error)) from error

    def _host_error(self) -> str:
        return "redlet"


_Commands = list[tuple[tuple[Any, ...], dict[str, Any]]]

# Replies that redis-py passes on as they are.
_PLAIN = frozenset({bytes, str, int, float, bool, dict, type(None)})


class _Pipeline(Pipeline):
    """A pipeline to an engine in this process, with less between hiredis and who asks."""

    def _execute_pipeline(
        self, connection: AbstractConnection, commands: _Commands, raise_on_error: bool
    ) -> list[Any]:
        names = {args[0] for args, _ in commands}
        parser: Any = getattr(connection, "_parser", None)  # there is none under a cache
        quick = isinstance(parser, _Hiredis) and not connection.health_check_interval
        if not quick or any("HIMPORT" in str(name).upper() for name in names):  # it prepares them
            return super()._execute_pipeline(connection, commands, raise_on_error)  # type: ignore[no-untyped-call,no-any-return]
        connection.send_packed_command(connection.pack_commands([args for args, _ in commands]))  # type: ignore[no-untyped-call]
        try:
            replies = self._replies(connection, parser._reader, names, commands)
        except BaseException:  # what was not read would answer the next command
            connection.disconnect()  # type: ignore[no-untyped-call]
            raise
        if raise_on_error:
            self.raise_first_error(commands, replies)  # type: ignore[no-untyped-call]
        return replies

    def _replies(
        self, connection: AbstractConnection, reader: _Reader, names: set[Any], commands: _Commands
    ) -> list[Any]:
        known: dict[str, Callable[[Any], Any]] = self.response_callbacks
        callbacks = {name: known.get(name) for name in names}
        replies: list[Any] = []
        for args, options in commands:
            callback = callbacks[args[0]]
            try:
                if options and (callback or NEVER_DECODE in options):
                    reply = self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call]
                elif type(reply := reader.gets()) not in _PLAIN:
                    reader.take_back(reply)
                    reply = self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call]
                elif callback:
                    reply = callback(reply)
            except ResponseError as error:
                reply = error
            replies.append(reply)
        return replies


class Client(redis.Redis):
    """A client of redis-py whose pipelines are quick."""

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        callbacks = self.response_callbacks
        return _Pipeline(self.connection_pool, callbacks, transaction, shard_hint)


class _Transport(asyncio.Transport):
    """What carries bytes between an event loop's streams and the engine."""

    def __init__(self, engine: Engine, protocol: asyncio.StreamReaderProtocol) -> None:
        super().__init__()
        self._loop, self._protocol = asyncio.get_running_loop(), protocol
        self._closing = self._called = self._paused = False
        self._connection: Connection = engine.connect(self._notify)
        protocol.connection_made(self)

    def _notify(self) -> None:
        if not self._called:
            self._called = True
            try:
                self._loop.call_soon_threadsafe(self._arrive)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._closing = True

    def _arrive(self) -> None:
        connection = self._connection
        with connection.engine.lock:
            self._called = False
            data = b""
            while connection.outbox and not self._paused:
                data += connection.take(len(connection.outbox))
            ended = connection.ended and not connection.outbox
        if self._closing:
            return
        if data:
            self._protocol.data_received(data)
        if ended:
            self._closing = True
            self._protocol.connection_lost(None)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        with self._connection.engine.lock:
            self._connection.put(bytes(data))
            self._connection.engine.run()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        with self._connection.engine.lock:
            self._notify()  # not at once: the reader has yet to wait

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._connection.close()
            self._loop.call_soon(self._protocol.connection_lost, None)

    abort = close


class AsyncEngineConnection(AsyncConnection):
    """A connection of redis.asyncio to an engine in this process."""

    def __init__(self, *, engine: Engine, **options: Any) -> None:
        super().__init__(**options)
        self._engine = engine

    def repr_pieces(self) -> list[tuple[str, Any]]:
        return [("db", self.db)]

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport = _Transport(self._engine, protocol)
        except Closed as error:
            raise ConnectionRefusedError(str(error)) from error
        self._reader = reader
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        await self.on_connect()

    def _host_error(self) -> str:
        return "redlet"


def pool(engine: Engine, options: Mapping[str, Any]) -> redis.ConnectionPool:
    """A pool of connections to an engine."""
    return redis.ConnectionPool(connection_class=EngineConnection, engine=engine, **options)


def async_pool(engine: Engine, options: Mapping[str, Any]) -> redis.asyncio.ConnectionPool:
    """A pool of redis.asyncio."""
    return redis.asyncio.ConnectionPool(
        connection_class=AsyncEngineConnection, engine=engine, **options
    )
