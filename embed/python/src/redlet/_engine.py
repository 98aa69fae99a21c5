"""The owner of one engine: whoever has something for it takes the lock and steps."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable

from . import _abi
from ._files import Files
from ._guest import EngineDied, Guest

_log = logging.getLogger("redlet")
_LEVELS = (logging.DEBUG, logging.DEBUG, logging.INFO, logging.WARNING)
_LOG_KEPT = 20  # lines of log that EngineDied tells
_STEP_MAX = 1 << 20  # bytes handed in at once: the guest is to be asked whether it has room
_CORK = 1 << 20  # bytes that may wait outside of the guest, where its limits do not count them

_REFUSALS = {
    _abi.OUT_CLUSTER: b"no other node is in this process",
    _abi.OUT_CONFIG: b"redlet has no ports here",  # they are whose process this is
}


class RedletError(Exception):
    """What was asked for is refused."""


class Closed(RedletError):
    """The server is closed."""


# Fakes of time in tests replace functions in modules, or time.time itself: these they do not find.
_perf_counter_ns = (time.perf_counter_ns,)
_offset = time.time_ns() - time.perf_counter_ns()


def wall() -> float:
    """The time in seconds, whatever tests make of time.time."""
    return (_offset + _perf_counter_ns[0]()) / 1e9


class Connection:
    """A client's connection to the engine, whose lock guards it. Who carries one extends it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.number = 0
        self.outbox = bytearray()
        self.ended = False  # the engine has hung up; what is in the outbox is still to be sent
        self._corked = False

    def open(self, peer: str = "", fd: int = -1, ticket: int = 0) -> None:
        """Opens it; peer is address and local address, as CLIENT LIST shows them. With a ticket it
        is one that the guest has asked for."""
        with self.engine.lock:
            self.number = number = self.engine.admit(self)
            if ticket:
                self.engine.send(_abi.IN_CONNECTED, number, b"", ticket)
            else:
                peer = peer or f"127.0.0.1:{number % 65535 + 1} 127.0.0.1:0"
                self.engine.send(_abi.IN_OPEN, number, f"{peer} {fd} 0".encode())

    def arrived(self) -> None:
        """Called with the lock held when there is output, or the end."""

    def put(self, data: bytes) -> None:
        """Hands bytes to the engine."""
        with self.engine.lock:
            for start in range(0, len(data), _STEP_MAX):
                if not self.ended:
                    self.engine.send(_abi.IN_DATA, self.number, data[start : start + _STEP_MAX])
                    self.engine.run()

    def deliver(self, data: bytes, last: bool) -> None:
        """Called by the engine with output."""
        self.outbox += data
        self.ended = last
        if len(self.outbox) > _CORK:
            self._cork(True)
        self.arrived()

    def take(self, size: int) -> bytes:
        """Takes bytes out of the outbox. Wants the lock held."""
        data = bytes(self.outbox[:size])
        del self.outbox[:size]
        if len(self.outbox) <= _CORK // 2:
            self._cork(False)
        return data

    def _cork(self, full: bool) -> None:
        if full != self._corked and not self.ended:
            self._corked = full
            self._tell(_abi.IN_CORK if full else _abi.IN_UNCORK)

    def close(self) -> None:
        """Tells the engine that the client has gone."""
        with self.engine.lock:
            if not self.ended:
                self.ended = True
                self.engine.connections.pop(self.number, None)
                self._tell(_abi.IN_CLOSE)
                self.arrived()

    def _tell(self, kind: int) -> None:
        self.engine.send(kind, self.number)
        with contextlib.suppress(EngineDied):  # it is logged, and this connection sees it
            self.engine.run()


class CarriedConnection(Connection, asyncio.Protocol):
    """A connection whose client is served by an event loop, on whose thread this is made."""

    give: Callable[[bytes], None]  # passes output on
    finish: Callable[[], None]  # and the end

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(engine)
        self._loop, self._thread = loop, threading.get_ident()
        self._paused = self._called = False

    def arrived(self) -> None:
        """Has the loop carry on."""
        if not self._called:
            self._called = True
            mine = threading.get_ident() == self._thread
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                (self._loop.call_soon if mine else self._loop.call_soon_threadsafe)(self._carry)

    def _carry(self) -> None:
        with self.engine.lock:
            self._called = False
            if self.outbox and not self._paused:
                self.give(self.take(len(self.outbox)))
            if self.ended and not self.outbox:
                self.finish()

    def pause_writing(self) -> None:
        """Has output wait here, and then in the engine."""
        self._paused = True

    def resume_writing(self) -> None:
        """Lets it flow again."""
        self._paused = False
        with self.engine.lock:
            self.arrived()


Asked = tuple[Guest, int]  # who waits for a connection to another server, and by which ticket


class Engine:
    """An engine and its connections. What does not take the lock wants it held."""

    def __init__(self, now: Callable[[], float], files: Files | None = None) -> None:
        self.lock = threading.RLock()
        self.connections: dict[int, Connection] = {}
        self.wake: Callable[[], None] = lambda: None  # the deadline has come nearer
        # Makes a connection to another server, beside everything else.
        self.dial: Callable[[Asked, bytes], None] = lambda asked, payload: None
        self.dialling: set[Asked] = set()
        self.over: Exception | None = None  # why nothing works any more
        self.kept: bytes | None = None  # the last snapshot: what follows a death begins with it
        self._inbox: list[bytes] = []
        self._now = now
        self._files = files or Files()
        self._guest: Guest | None = None
        self._configuration = b""
        self._running = False
        self._last_number = 0  # of a connection: CLIENT ID shows them, so none comes twice
        self._answer: bytes | None = None
        self._lines: collections.deque[str] = collections.deque(maxlen=_LOG_KEPT)

    def begin(self, config: _abi.Config, seed: bytes | None) -> None:
        """Starts a guest and configures it."""
        self._configuration = _abi.configuration(seed or os.urandom(32), config)
        with self.lock:
            self._begin()
            if self.over is not None:
                raise self.over

    def _begin(self) -> None:
        """Begins with the last snapshot, but that files are newer."""
        self._guest, self._answer = Guest(), None
        self.send(_abi.IN_CONFIGURE, 1, self._configuration)
        if self.kept and not self._files.lasting:
            self.send(_abi.IN_RESTORE, 0, self.kept)
        while self.due() == 0 and self._step():  # files take several steps
            pass
        if self._answer:
            self.end(RedletError(self._answer.decode(errors="replace")))

    def fork(self) -> Engine:
        """Another engine that will go on where this one is, but for the connections."""
        with self.lock:
            self._without_files()
            self.run()
            fork = Engine(self._now)
            fork._guest = Guest(self._running_guest().image())
            fork._configuration, fork.kept = self._configuration, self.kept
            fork._last_number = self._last_number
            for number in self.connections:
                fork.send(_abi.IN_CLOSE, number)
            for _, ticket in self.dialling:
                fork.send(_abi.IN_DONE, 0, b"the server was forked", ticket)
        return fork

    def reset(self) -> None:
        """Puts the engine back to what it was when it started; connections are closed."""
        with self.lock:
            self._running_guest()
            self._without_files()
            self._hang_up()
            self.kept = None
            self._begin()

    def _without_files(self) -> None:
        if self._files.lasting:
            raise RedletError('the files in "dir" are those of one server')

    def _running_guest(self) -> Guest:
        if self.over is not None or self._guest is None:
            raise self.over or Closed("the server has not started")
        return self._guest

    def admit(self, connection: Connection) -> int:
        """Gives a connection its number."""
        self._running_guest()
        self._last_number += 1
        self.connections[self._last_number] = connection
        return self._last_number

    def send(self, kind: int, conn: int = 0, payload: bytes = b"", ticket: int = 0) -> None:
        """Has the next step carry a frame."""
        self._inbox.append(_abi.frame(kind, conn, payload, ticket))

    def ask(self, kind: int, payload: bytes = b"") -> bytes:
        """Sends a frame that is answered, which happens in the step that carries it."""
        with self.lock:
            self._running_guest()
            self._answer = None
            self.send(kind, 0, payload)
            self.run()
            if self._answer is None:  # the engine was shut down in that step
                raise self.over or RedletError("the engine gave no answer")
            return self._answer

    def control(self, order: str) -> str:
        """Gives an order of the host's own."""
        answer = self.ask(_abi.IN_CONTROL, order.encode()).decode()
        if not answer.startswith("+"):
            raise RedletError(answer[1:])
        return answer[1:]

    def due(self) -> float:
        """Seconds until the engine wants to be stepped."""
        if self._inbox:
            return 0.0
        return max(0.0, self._running_guest().deadline / 1e6 - self._now())

    def run(self) -> None:
        """Steps, and goes on while what comes of it asks for more."""
        if self._running or self.over is not None:
            return
        before = self._running_guest().deadline
        self._running = True
        try:
            while self._step() and self._inbox:
                pass
        except EngineDied as death:
            self._died(death)
            raise
        finally:
            self._running = False
        if self._guest and self._guest.deadline < before:
            self.wake()

    def _step(self) -> bool:
        frames = b"".join(self._inbox)
        self._inbox.clear()
        output = self._running_guest().step(frames, self._now() * 1e6)
        for kind, number, ticket, payload in _abi.frames(output):
            self._receive(kind, number, ticket, payload)
        return self.over is None

    def _receive(self, kind: int, number: int, ticket: int, payload: bytes) -> None:
        if kind <= _abi.OUT_HANGUP:
            if connection := self.connections.get(number):
                if kind == _abi.OUT_HANGUP:
                    del self.connections[number]
                connection.deliver(payload, kind == _abi.OUT_HANGUP)
        elif _abi.OUT_READ <= kind <= _abi.OUT_REMOVE:
            self._inbox += self._files.carry_out(kind, ticket, payload)
        elif kind == _abi.OUT_LOG:
            self._lines.append(payload.decode(errors="replace"))
            _log.log(_LEVELS[min(ticket, 3)], "%s", self._lines[-1])
        elif kind == _abi.OUT_CONNECT:
            asked = self._running_guest(), ticket
            self.dialling.add(asked)
            self.dial(asked, payload)
        elif kind in _REFUSALS:
            if ticket:
                self.send(_abi.IN_DONE, 0, _REFUSALS[kind], ticket)
        elif kind == _abi.OUT_SHUTDOWN:
            reason = payload.decode(errors="replace")
            if reason.startswith(_abi.CRASHED):
                raise EngineDied(reason)
            self.end(Closed("the server was shut down: " + reason))
        else:
            self._answer = payload

    def _died(self, death: EngineDied) -> None:
        """Another engine takes the place of one that has died."""
        death.log[:0] = self._lines
        death.args = ("\n".join(["the engine died: " + death.reason, *death.log]),)
        _log.error("%s", death.args[0])
        self._hang_up()
        try:
            self._begin()
        except EngineDied as again:
            self.end(again)

    def _hang_up(self) -> None:
        """Forgets all that the guest has to do with."""
        self._inbox.clear()
        self.dialling.clear()
        self._files = type(self._files)()
        gone, self.connections = self.connections, {}
        for connection in gone.values():
            connection.deliver(b"", True)

    def end(self, why: Exception) -> None:
        """Drops the engine; whoever waits is told why."""
        if self.over is None:
            self.over = why
            self._guest = None
            self._hang_up()
            self.wake()
