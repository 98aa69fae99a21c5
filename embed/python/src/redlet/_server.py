"""A server: an engine, the thread that serves its port, and what a test asks of it."""

from __future__ import annotations

import atexit
import contextlib
import datetime
import os
import selectors
import socket
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _abi
from ._engine import Closed, Connection, Engine, RedletError, wall
from ._files import Disk
from ._guest import EngineDied

if TYPE_CHECKING:
    import redis
    from typing_extensions import Self

_READ_MAX = 64 << 10
_WAIT_MAX = 60.0  # seconds; deadlines may lie years ahead
_CLOSE_WAIT = 5.0

_servers: weakref.WeakSet[BaseServer] = weakref.WeakSet()


class Clock:
    """The engine's clock: every expiry, timeout and stream id goes by it. Times are in seconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def advance(self, seconds: float | datetime.timedelta) -> None:
        """Turns the clock ahead; what falls due on the way happens, in order."""
        if isinstance(seconds, datetime.timedelta):
            seconds = seconds.total_seconds()
        if seconds < 0:
            raise ValueError("time cannot be turned by less than nothing")
        self._turn(f"clock forward {round(seconds * 1e6)}")

    def set(self, at: float | datetime.datetime) -> None:
        """Sets the clock, ahead or back. It goes on from there, or stands there if it is frozen."""
        if isinstance(at, datetime.datetime):
            at = at.timestamp()
        self._turn(f"clock set {round(at * 1e6)}")

    def freeze(self, at: float | datetime.datetime | None = None) -> None:
        """Stops the clock, where it is or at a time."""
        self._turn("clock freeze")
        if at is not None:
            self.set(at)

    def run(self) -> None:
        """Lets a frozen clock go on from where it stands."""
        self._turn("clock run")

    def now(self) -> float:
        """What the clock shows, in seconds since the Unix epoch."""
        return int(self._engine.control("clock").split()[0]) / 1e6

    def turn(self) -> None:
        """Lets the engine see at once that the server's ``now`` tells another time."""
        with self._engine.lock:
            self._engine.run()

    def _turn(self, order: str) -> None:
        while self._engine.control(order).endswith(" 1"):
            order = "clock forward 0"


class BaseServer:
    """What servers for threads and for asyncio have in common."""

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
        self._config: dict[str, str | int | bool | os.PathLike[str]] = {"save": ""}
        self._config.update((name.lower(), value) for name, value in (config or {}).items())
        if "port" in self._config:
            raise RedletError("the port is an option of the server, not of its config")
        if folder := self._config.get("dir"):
            if not os.path.isdir(str(folder)):
                raise RedletError(f'"dir" is no folder: {folder}')
            self._config["dir"] = os.path.abspath(str(folder))
        elif self._config.get("appendonly", "no") not in ("no", False):
            raise RedletError('"appendonly" takes a "dir"')
        self._seed, self._host, self._port = seed, host, port
        self._engine = Engine(now, Disk() if folder else None)
        self.clock = Clock(self._engine)
        self._loop: _Loop | None = None

    def start(self) -> Self:
        """Starts the server; ``with`` does that too."""
        if self._loop is None:
            loop = _Loop(
                self._engine, None if self._port is None else _listen(self._host, self._port)
            )
            port = loop.address[1] if loop.address else 0  # INFO and CLUSTER SLOTS tell it
            try:
                self._engine.begin({"port": port, **self._config}, self._seed)
            except BaseException:
                loop.end()
                raise
            self._serve(loop)
        if self._engine.over:  # it does not start twice
            raise self._engine.over
        return self

    def _serve(self, loop: _Loop) -> None:
        loop.start()
        self._loop = loop
        _servers.add(self)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        if self._loop is None or self._loop.address is None:
            raise RedletError("the server has no port, or has not started")
        return self._loop.address

    @property
    def port(self) -> int:
        """The port, once the server has started."""
        return self.address[1]

    @property
    def url(self) -> str:
        """Where clients find the server: ``redis://127.0.0.1:PORT``."""
        return "redis://" + _name(self.address)

    def snapshot(self) -> bytes:
        """Everything but the connections, as an RDB file. What follows a death begins with it."""
        image = self._engine.ask(_abi.IN_SNAPSHOT)
        if not image:
            raise RedletError("there is no memory for a snapshot")
        self._engine.kept = image
        return image

    def restore(self, image: bytes) -> None:
        """Replaces all data by that of an RDB file, or nothing if it is damaged."""
        if refusal := self._engine.ask(_abi.IN_RESTORE, image):
            raise RedletError(refusal.decode(errors="replace"))
        self._engine.kept = image

    def fork(self) -> Self:
        """Another server, with a port of its own, that goes on where this one is: with its data,
        its clock and its chance, without its connections."""
        fork: Self = object.__new__(type(self))
        fork._host, fork._port = self._host, None if self._port is None else 0
        fork._engine = self._engine.fork()
        fork.clock = Clock(fork._engine)
        fork._serve(_Loop(fork._engine, None if self._port is None else _listen(self._host, 0)))
        return fork

    def reset(self) -> None:
        """Makes the server what it was when it started: without data, its clock running. Clients
        are disconnected."""
        self._engine.reset()

    def stop(self, signal: str = "sigterm") -> None:
        """Asks for the end as a signal does: what is to be saved is saved before."""
        with self._engine.lock:
            self._engine.run()  # which refuses, before the start
            self._engine.inbox.append(_abi.frame(_abi.IN_STOP, 0, signal.encode()))
            self._engine.run()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the server has ended, and tells whether it has."""
        return self._loop is None or self._loop.join(timeout)

    def close(self) -> None:
        """Drops the engine. Clients are disconnected, also those that wait."""
        with self._engine.lock:
            self._engine.end(Closed("the server is closed"))
        self.wait(_CLOSE_WAIT)

    def _forked(self) -> None:
        """The process was forked: its parent goes on serving, the child leaves the server alone."""
        self._engine.wake = lambda: None
        self._engine.over = Closed("the server belongs to the process that started it")
        if self._loop is not None:
            self._loop.leave()
            self._loop = None


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
        from ._redis import pool

        return pool(self._engine, options)

    def client(self, **options: Any) -> redis.Redis:
        """A client of redis-py that needs no socket; options are those of ``pool``."""
        from ._redis import Client

        return Client.from_pool(self.pool(**options))


@atexit.register
def _close_all() -> None:
    for server in list(_servers):
        server.close()


_held: list[BaseServer] = []
_forking = threading.Lock()  # of two threads that fork, one is after the other


def _hold() -> None:
    _forking.acquire()
    _held[:] = _servers
    for server in _held:
        server._engine.lock.acquire()  # so that no thread is half-way through a step


def _release(in_child: bool) -> None:
    for server in _held:
        if in_child:
            server._forked()
        server._engine.lock.release()
    _held.clear()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_hold,
        after_in_parent=lambda: _release(False),
        after_in_child=lambda: _release(True),
    )


class _Loop:
    """The thread that serves the port, and steps the engine when it is due."""

    def __init__(self, engine: Engine, listener: socket.socket | None) -> None:
        self._engine, self._listener = engine, listener
        self._woken, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Connection, socket.socket] = {}
        self._dirty: set[Connection] = set()  # with output, or at their end
        self._asleep = False
        self.address: tuple[str, int] | None = None
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        if self._listener:
            self.address = self._listener.getsockname()[:2]
            self._selector.register(self._listener, selectors.EVENT_READ)
        engine.wake, engine.carry = self._wake, self._carry
        self._thread = threading.Thread(target=self._run, name="redlet", daemon=True)

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def join(self, timeout: float | None) -> bool:
        """Waits for the end, and tells whether it has come."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def leave(self) -> None:
        """Closes this process's ends, without a word to those that the parent serves."""
        self._sockets, mine = {}, self._sockets
        for peer in mine.values():
            peer.close()
        self.end()

    def _wake(self) -> None:
        if self._asleep:
            self._asleep = False
            with contextlib.suppress(OSError):
                self._waker.send(b"x")

    def _run(self) -> None:
        while True:
            with self._engine.lock:
                self._flush()
                if self._engine.over is not None:
                    break
                due = self._engine.due()
                self._asleep = True
            wait = _WAIT_MAX if due is None else min(due, _WAIT_MAX)
            ready = self._selector.select(wait)
            with self._engine.lock:
                self._asleep = False
                if self._engine.over is not None:
                    continue
                for key, events in ready:
                    self._serve(key, events)
                with contextlib.suppress(EngineDied):  # logged, and its clients see it
                    self._engine.run()
        self.end()

    def _serve(self, key: selectors.SelectorKey, events: int) -> None:
        if key.fileobj is self._woken:
            with contextlib.suppress(OSError):
                self._woken.recv(4096)
        elif key.fileobj is self._listener:
            self._accept()
        elif events & selectors.EVENT_READ:
            self._read(key.data)
        else:
            self._dirty.add(key.data)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            accepted, peer = self._listener.accept()
        except OSError:
            return
        self._carry(accepted, 0, f"{_name(peer)} {_name(accepted.getsockname())}")

    def _carry(self, peer: socket.socket, ticket: int, names: str = "") -> None:
        """Has a socket carry a connection. The loop's next round looks at it."""
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def notify() -> None:
            if connection.ended and not connection.outbox:
                with contextlib.suppress(OSError):  # at once, so that no client sends into the void
                    peer.shutdown(socket.SHUT_RDWR)
            self._dirty.add(connection)
            self._wake()

        connection = self._engine.connect(notify, names, peer.fileno(), ticket)
        self._sockets[connection] = peer
        notify()

    def _read(self, connection: Connection) -> None:
        try:
            data = self._sockets[connection].recv(_READ_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            connection.put(data)
            return
        connection.outbox.clear()
        connection.close()
        self._drop(connection)

    def _flush(self) -> None:
        """Sends what can be sent; what cannot waits until the socket takes more."""
        while self._dirty:
            connection = self._dirty.pop()
            if not (peer := self._sockets.get(connection)):
                continue
            try:
                while connection.outbox:
                    sent = peer.send(memoryview(connection.outbox)[:_READ_MAX].tobytes())
                    with contextlib.suppress(EngineDied):
                        connection.take(sent)
            except (BlockingIOError, InterruptedError):
                self._watch(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
            except OSError:
                connection.close()
                self._drop(connection)
            else:
                if connection.ended:
                    self._drop(connection)
                else:
                    self._watch(connection, selectors.EVENT_READ)

    def _watch(self, connection: Connection, events: int) -> None:
        peer = self._sockets[connection]
        if peer not in self._selector.get_map():
            self._selector.register(peer, events, connection)
        elif self._selector.get_key(peer).events != events:
            self._selector.modify(peer, events, connection)

    def _drop(self, connection: Connection) -> None:
        if peer := self._sockets.pop(connection, None):
            if peer in self._selector.get_map():
                self._selector.unregister(peer)
            peer.close()

    def end(self) -> None:
        """Closes all."""
        for connection in list(self._sockets):
            self._drop(connection)
        self._selector.close()
        for end in (self._listener, self._woken, self._waker):
            if end is not None:
                end.close()


def _name(address: tuple[Any, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=511)
