"""A server: an engine, with a thread that serves its port and steps it when it is due."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _abi
from ._engine import CORK, Asked, Closed, Connection, Engine, RedletError, wall
from ._files import Disk, Files
from ._guest import EngineDied, Guest

if TYPE_CHECKING:
    import redis
    from typing_extensions import Self

_WAIT_MAX = 60.0  # seconds; deadlines may lie years ahead
_DIAL_MAX = 30.0  # seconds until a connection that the guest asks for is given up
_CLOSE_WAIT = 5.0

_serving: set[BaseServer] = set()


class BaseServer(Engine):
    """What servers for threads and for asyncio have in common."""

    _loop: asyncio.AbstractEventLoop
    _listener: socket.socket | None = None
    _timer: asyncio.Handle | None = None
    _address: tuple[str, int] | None = None

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int | None = 0,
        config: _abi.Config | None = None,
        seed: bytes | None = None,
        now: Callable[[], float] = wall,
    ) -> None:
        """Takes the options; ``start`` starts."""
        if seed is not None and len(seed) != 32:
            raise ValueError("a seed has 32 bytes")
        given = {name.lower(): value for name, value in (config or {}).items()}
        if "port" in given:
            raise RedletError("the port is an option of the server, not of its config")
        if folder := given.get("dir"):
            if not os.path.isdir(str(folder)):
                raise RedletError(f'"dir" is no folder: {folder}')
            given["dir"] = os.path.abspath(str(folder))
        elif given.get("appendonly", "no") not in ("no", False):
            raise RedletError('"appendonly" takes a "dir"')
        configuration = (seed or os.urandom(32)) + _abi.parameters({"save": "", **given})
        super().__init__(now, configuration, Disk() if folder else Files())
        self._host, self._port = host, port
        self._peers: set[_Peer] = set()
        self._thread = threading.Thread(target=self._serve, name="redlet", daemon=True)

    def start(self) -> Self:
        """Starts the server; ``with`` does that too."""
        with self._lock:
            if self._thread.ident is None and not self._over:
                self._listen()
                self._begin()
                self._thread.start()
        if self._over:  # it does not start twice
            self.wait(_CLOSE_WAIT)
            raise self._over
        return self

    def _listen(self) -> None:
        if self._port is not None:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            where = self._host, self._port
            self._listener = socket.create_server(where, family=family, backlog=511)
            self._address = self._listener.getsockname()[:2]
            told = f"port {self.port}\n"  # by INFO and CLUSTER SLOTS
            self._configuration += told.encode()
        self._loop = _EventLoop()
        _serving.add(self)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        if not self._address:
            raise RedletError("the server has no port, or has not started")
        return self._address

    @property
    def port(self) -> int:
        """The port, once the server has started."""
        return self.address[1]

    @property
    def url(self) -> str:
        """Where clients find the server: ``redis://127.0.0.1:PORT``."""
        return "redis://" + _name(self.address)

    def fork(self) -> Self:
        """Another server, with a port of its own, that goes on where this one is: with its data,
        its clock and its chance, without its connections."""
        fork: Self = object.__new__(type(self))
        with self._lock:
            self._run()
            any_port = self._port and 0
            BaseServer.__init__(fork, host=self._host, port=any_port, now=self._now)
            fork._guest = Guest(self._movable().image())
            fork._configuration, fork._kept = self._configuration, self._kept
            fork._last_number = self._last_number
            for number in self._connections:
                fork._send(_abi.IN_CLOSE, number)
            for _, ticket in self._dialling:
                fork._send(_abi.IN_DONE, 0, b"the server was forked", ticket)
        fork._listen()
        fork._thread.start()
        return fork

    def stop(self, signal: str = "sigterm") -> None:
        """Asks for the end as a signal does: what is to be saved is saved before."""
        with self._lock:
            self._run()  # which refuses, before the start
            self._send(_abi.IN_STOP, 0, signal.encode())
            self._run()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the server has ended, and tells whether it has."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Drops the engine. Clients are disconnected, also those that wait."""
        with self._lock:
            self._end(Closed("the server is closed"))
        self.wait(_CLOSE_WAIT)

    def _serve(self) -> None:
        loop, server = self._loop, None
        if self._listener:
            make = loop.create_server(lambda: _Peer(self), sock=self._listener, backlog=511)
            server = loop.run_until_complete(make)
        loop.call_soon(self._turn)
        loop.run_forever()
        for peer in list(self._peers):
            peer.transport.abort()
        if server:
            server.close()
        loop.stop()  # behind what is to be done at once
        loop.run_forever()
        loop.close()
        _serving.discard(self)

    def _turn(self) -> None:
        if self._timer:
            self._timer.cancel()
        with self._lock:
            with contextlib.suppress(EngineDied):  # logged, and its clients see it
                self._run()
            if self._over:
                return self._loop.stop()
            self._timer = self._loop.call_later(min(self._due(), _WAIT_MAX), self._turn)

    def _wake(self) -> None:
        if self._timer:  # before the first turn there is one to come
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._turn)

    def _dial(self, asked: Asked, payload: bytes) -> None:
        address, _, source = _abi.cut_path(payload)
        host, _, port = address.rpartition(":")
        bound = (source.decode(), 0) if source else None
        try:
            peer = socket.create_connection((host.strip("[]"), int(port)), _DIAL_MAX, bound)
            peer.setblocking(False)
            make = self._loop.connect_accepted_socket(lambda: _Peer(self, asked), peer)
            asyncio.run_coroutine_threadsafe(make, self._loop)
        except (OSError, OverflowError, UnicodeError, RuntimeError) as error:
            with self._lock, contextlib.suppress(EngineDied):
                if asked in self._dialling:
                    self._dialling.remove(asked)
                    self._send(_abi.IN_DONE, 0, _abi.words(error), asked[1])
                    self._run()

    def _leave(self) -> None:
        """In a child of fork(2): the parent goes on serving. Closes the child's ends of what it
        serves, without a word to it or to the clients: whoever closes one later closes nothing."""
        self._lock, self._timer = threading.RLock(), None  # a thread that is not here may hold it
        self._over = Closed("the server belongs to the process that started it")
        for connection in self._connections.values():
            connection.ended = True
        self._connections = {}
        null = os.open(os.devnull, os.O_RDWR)
        for end in filter(None, (self._listener, *(peer.socket for peer in self._peers))):
            with contextlib.suppress(OSError):
                os.dup2(null, end.fileno(), inheritable=False)
        os.close(null)


class Server(BaseServer):
    """A Redis in this process, for ``with``. Any thread may use it.

    ``config`` holds parameters of redis.conf; ``seed`` of 32 bytes repeats every random choice;
    ``now`` tells the time in seconds, by default the machine's, whatever fakes of time a test has
    put in place; ``port`` 0 is any, and None is no port at all.
    """

    def __enter__(self) -> Self:
        """Starts the server."""
        return self.start()

    def __exit__(self, *error: object) -> None:
        """Closes it."""
        self.close()

    def pool(self, **options: Any) -> redis.ConnectionPool:
        """A pool for redis-py whose connections need no socket; options are those of the pool."""
        from redis import ConnectionPool

        from ._redis import EngineConnection

        return ConnectionPool(connection_class=EngineConnection, engine=self, **options)

    def client(self, **options: Any) -> redis.Redis:
        """A client of redis-py that needs no socket; options are those of ``pool``."""
        from ._redis import Client

        return Client.from_pool(self.pool(**options))


@atexit.register
def _close_all() -> None:
    for server in list(_serving):
        server.close()


def _leave_all() -> None:
    for server in list(_serving):
        server._leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all)


class _EventLoop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        return wall()  # which fakes of time in tests leave alone


class CarriedConnection(Connection):
    """A connection whose client is served by an event loop, on whose thread this is made."""

    give: Callable[[bytes], None]  # passes output on
    finish: Callable[[], None]  # and the end

    def __init__(self, engine: Engine) -> None:
        Connection.__init__(self, engine)
        self._carrier, self._thread = asyncio.get_running_loop(), threading.get_ident()

    def arrived(self) -> None:
        """Has the loop carry on."""
        mine = threading.get_ident() == self._thread
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            (self._carrier.call_soon if mine else self._carrier.call_soon_threadsafe)(self._carry)

    def _carry(self) -> None:
        with self.engine._lock:
            if self.outbox:
                self.give(self.take(len(self.outbox)))
            if self.ended:
                self.finish()


class _Peer(CarriedConnection, asyncio.Protocol):
    """A connection of the network."""

    def __init__(self, server: BaseServer, asked: Asked | None = None) -> None:
        super().__init__(server)
        self._server, self._asked = server, asked

    def connection_made(self, transport: Any) -> None:
        transport.set_write_buffer_limits(CORK)
        self.transport, self.socket = transport, transport.get_extra_info("socket")
        self.give, self.finish = transport.write, transport.close
        self._server._peers.add(self)
        try:
            names = f"{_name(self.socket.getpeername())} {_name(self.socket.getsockname())}"
            with self.engine._lock:
                if self._asked:
                    self.engine._dialling.remove(self._asked)  # or that guest is no more
                self.open(f"{names} {self.socket.fileno()}", self._asked[1] if self._asked else 0)
                self.engine._run()
        except (OSError, KeyError, RedletError, EngineDied):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        with contextlib.suppress(EngineDied, BrokenPipeError):
            self.put(data)

    def arrived(self) -> None:
        super().arrived()
        if self.ended and not self.outbox and not self.transport.get_write_buffer_size():
            with contextlib.suppress(OSError):  # at once, so that no client sends into the void
                self.socket.shutdown(socket.SHUT_RDWR)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close()
        self._server._peers.discard(self)


def _name(address: tuple[Any, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
