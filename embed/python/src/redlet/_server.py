"""A server: an engine, the thread that serves its port, and what a test asks of it."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import datetime
import os
import socket
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _abi
from ._engine import Asked, CarriedConnection, Closed, Engine, RedletError, wall
from ._files import Disk
from ._guest import EngineDied

if TYPE_CHECKING:
    import redis
    from typing_extensions import Self

_WAIT_MAX = 60.0  # seconds; deadlines may lie years ahead
_DIAL_MAX = 30.0  # seconds until a connection that the guest asks for is given up
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
            loop = _Loop(self._engine, _listen(self._host, self._port))
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
        loop.thread.start()
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
        fork._serve(_Loop(fork._engine, _listen(fork._host, fork._port)))
        return fork

    def reset(self) -> None:
        """Makes the server what it was when it started: without data, its clock running. Clients
        are disconnected."""
        self._engine.reset()

    def stop(self, signal: str = "sigterm") -> None:
        """Asks for the end as a signal does: what is to be saved is saved before."""
        with self._engine.lock:
            self._engine.run()  # which refuses, before the start
            self._engine.send(_abi.IN_STOP, 0, signal.encode())
            self._engine.run()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the server has ended, and tells whether it has."""
        if self._loop is None:
            return True
        if self._loop.thread is not threading.current_thread():
            self._loop.thread.join(timeout)
        return not self._loop.thread.is_alive()

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


_forking = threading.Lock()  # of two threads that fork, one is after the other
_held = contextlib.ExitStack()  # so that no thread is half-way through a step


def _hold() -> None:
    _forking.acquire()
    for server in list(_servers):
        _held.enter_context(server._engine.lock)


def _release() -> None:
    _held.close()
    _forking.release()


def _release_in_child() -> None:
    for server in list(_servers):
        server._forked()
    _release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release_in_child)


class _EventLoop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        return wall()  # which fakes of time in tests leave alone


class _Loop:
    """The thread that serves the port, and steps the engine when it is due."""

    def __init__(self, engine: Engine, listener: socket.socket | None) -> None:
        self.engine, self._listener = engine, listener
        self.address: tuple[str, int] | None = listener.getsockname()[:2] if listener else None
        self.peers: set[_Peer] = set()
        self.loop = _EventLoop()
        self._timer: asyncio.Handle | None = None
        engine.dial = self._dial
        self.thread = threading.Thread(target=self._run, name="redlet", daemon=True)

    def leave(self) -> None:
        """In a child of fork(2), closes its ends of what the parent serves, without a word to it or
        to the clients: whoever closes one later closes nothing."""
        ends = [peer.fileno() for peer in self.peers]
        if self._listener:
            ends.append(self._listener.fileno())
        null = os.open(os.devnull, os.O_RDWR)
        for end in ends:
            with contextlib.suppress(OSError):
                os.dup2(null, end, inheritable=False)
        os.close(null)

    def _call(self, callback: Callable[..., None], *args: Any) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended
            self.loop.call_soon_threadsafe(callback, *args)

    def _run(self) -> None:
        if self._listener:
            make = self.loop.create_server(lambda: _Peer(self), sock=self._listener, backlog=511)
            self.loop.run_until_complete(make)
        self.engine.wake = lambda: self._call(self._turn)
        self.loop.call_soon(self._turn)
        self.loop.run_forever()
        for peer in list(self.peers):
            peer.abort()
        self.loop.stop()  # behind what is to be done at once
        self.loop.run_forever()
        self.end()

    def _turn(self) -> None:
        if self._timer:
            self._timer.cancel()
        with self.engine.lock:
            with contextlib.suppress(EngineDied):  # logged, and its clients see it
                self.engine.run()
            if self.engine.over is not None:
                return self.loop.stop()
            due = self.engine.due()
        self._timer = self.loop.call_later(min(due, _WAIT_MAX), self._turn)

    def _dial(self, asked: Asked, payload: bytes) -> None:
        """Makes a connection that a guest has asked for. Finding a name may take long."""
        address, _, source = _abi.cut_path(payload)
        host, _, port = address.rpartition(":")

        def dial() -> None:
            try:
                bound = (source.decode(), 0) if source else None
                peer = socket.create_connection((host.strip("[]"), int(port)), _DIAL_MAX, bound)
            except (OSError, OverflowError, UnicodeError) as error:
                self._call(self._refuse, asked, _abi.words(error))
            else:
                self._call(self._adopt, asked, peer)

        threading.Thread(target=dial, name="redlet-dial", daemon=True).start()

    def _refuse(self, asked: Asked, why: bytes) -> None:
        with self.engine.lock, contextlib.suppress(EngineDied):
            if asked in self.engine.dialling:
                self.engine.dialling.remove(asked)
                self.engine.send(_abi.IN_DONE, 0, why, asked[1])
                self.engine.run()

    def _adopt(self, asked: Asked, peer: socket.socket) -> None:
        peer.setblocking(False)
        make = self.loop.connect_accepted_socket(lambda: _Peer(self, asked), peer)
        self.loop.create_task(make)

    def end(self) -> None:
        """Closes what the thread has to do with, which does not run."""
        if self._listener:
            self.loop.remove_reader(self._listener)
            self._listener.close()
        self.loop.close()


class _Peer(CarriedConnection):
    """A connection of the network."""

    def __init__(self, loop: _Loop, asked: Asked | None = None) -> None:
        super().__init__(loop.engine, loop.loop)
        self._peers, self._asked = loop.peers, asked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._socket: socket.socket = transport.get_extra_info("socket")
        self.fileno, self.abort = self._socket.fileno, transport.abort
        self.give, self.finish = transport.write, transport.close
        self._peers.add(self)
        try:
            names = f"{_name(self._socket.getpeername())} {_name(self._socket.getsockname())}"
            with self.engine.lock:
                if self._asked:
                    self.engine.dialling.remove(self._asked)  # or that guest is no more
                self.open(names, self.fileno(), self._asked[1] if self._asked else 0)
                self.engine.run()
        except (OSError, KeyError, RedletError, EngineDied):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        with contextlib.suppress(EngineDied):
            self.put(data)

    def arrived(self) -> None:
        super().arrived()
        if self.ended and not self.outbox and not self._transport.get_write_buffer_size():
            with contextlib.suppress(OSError):  # at once, so that no client sends into the void
                self._socket.shutdown(socket.SHUT_RDWR)

    def connection_lost(self, exc: Exception | None) -> None:
        self.outbox.clear()
        self.close()
        self._peers.discard(self)


def _name(address: tuple[Any, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _listen(host: str, port: int | None) -> socket.socket | None:
    if port is None:
        return None
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=511)
