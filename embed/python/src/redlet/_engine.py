"""The owner of one engine: whoever has something for it takes the lock and steps."""

from __future__ import annotations

import collections
import contextlib
import itertools
import logging
import os
import socket
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
_DIAL_MAX = 30.0  # seconds until a connection that the guest asks for is given up


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
    """A client's connection to the engine. The engine's lock guards its fields."""

    def __init__(self, engine: Engine, number: int, notify: Callable[[], None]) -> None:
        self.engine = engine
        self.number = number
        self.notify = notify  # called with the lock held, when there is output, or the end
        self.outbox = bytearray()
        self.ended = False  # the engine has hung up; what is in the outbox is still to be sent
        self.corked = False

    def put(self, data: bytes) -> None:
        """Hands bytes to the engine, for its next step."""
        for start in range(0, 0 if self.ended else len(data), _STEP_MAX):
            piece = data[start : start + _STEP_MAX]
            self.engine.inbox.append(_abi.frame(_abi.IN_DATA, self.number, piece))

    def take(self, size: int) -> bytes:
        """Takes bytes out of the outbox."""
        data = bytes(self.outbox[:size])
        del self.outbox[:size]
        if self.corked and len(self.outbox) <= _CORK // 2 and not self.ended:
            self.corked = False
            self.engine.inbox.append(_abi.frame(_abi.IN_UNCORK, self.number))
            self.engine.run()
        return data

    def deliver(self, data: bytes) -> None:
        """Called by the engine with output."""
        self.outbox += data
        if len(self.outbox) > _CORK and not self.corked:
            self.corked = True
            self.engine.inbox.append(_abi.frame(_abi.IN_CORK, self.number))

    def close(self) -> None:
        """Tells the engine that the client has gone."""
        with self.engine.lock:
            if not self.ended:
                self.ended = True
                self.engine.connections.pop(self.number, None)
                self.engine.inbox.append(_abi.frame(_abi.IN_CLOSE, self.number))
                with contextlib.suppress(EngineDied):
                    self.engine.run()


class Engine:
    """An engine and its connections. Every method but connect and ask wants the lock held."""

    def __init__(self, now: Callable[[], float], files: Files | None = None) -> None:
        self.lock = threading.RLock()
        self.inbox: list[bytes] = []
        self.connections: dict[int, Connection] = {}
        self.wake: Callable[[], None] = lambda: None  # the deadline has come nearer
        self.carry: Callable[[socket.socket, int], None]  # takes over what the engine asked for
        self.over: Exception | None = None  # why nothing works any more
        self.kept: bytes | None = None  # the last snapshot: what follows a death begins with it
        self._now = now
        self._files = files or Files()
        self._guest: Guest | None = None
        self._configuration = b""
        self._dialling: set[int] = set()  # tickets of connections that the guest waits for
        self._running = False
        self._last_number = 0  # of a connection: CLIENT ID shows them, so none comes twice
        self._tickets = itertools.count(1)
        self._answers: dict[int, bytes] = {}
        self._lines: collections.deque[str] = collections.deque(maxlen=_LOG_KEPT)

    def begin(self, config: _abi.Config, seed: bytes | None) -> None:
        """Starts a guest and configures it."""
        self._configuration = _abi.configuration(seed or os.urandom(32), config)
        with self.lock:
            self._guest = Guest()
            if refusal := self._configure():
                self.end(RedletError(refusal.decode(errors="replace")))
                raise RedletError(refusal.decode(errors="replace"))

    def _configure(self) -> bytes:
        return self.ask(_abi.IN_CONFIGURE, self._configuration, conn=1)

    def fork(self) -> Engine:
        """Another engine that will go on where this one is, but for the connections."""
        with self.lock:
            self._without_files()
            self.run()
            fork = Engine(self._now)
            fork._guest = Guest(self._running_guest().image())
            fork._configuration, fork.kept = self._configuration, self.kept
            fork._last_number = self._last_number
            fork.inbox = [_abi.frame(_abi.IN_CLOSE, number) for number in self.connections]
            why = b"the server was forked"
            fork.inbox += [_abi.frame(_abi.IN_DONE, 0, why, ticket) for ticket in self._dialling]
        return fork

    def reset(self) -> None:
        """Puts the engine back to what it was when it started; connections are closed."""
        with self.lock:
            self._running_guest()
            self._without_files()
            self._hang_up()
            self.kept = None
            self._guest = Guest()
            self._configure()

    def _without_files(self) -> None:
        if self._files.lasting:
            raise RedletError('the files in "dir" are those of one server')

    def _running_guest(self) -> Guest:
        if self.over is not None or self._guest is None:
            raise self.over or Closed("the server has not started")
        return self._guest

    def connect(
        self, notify: Callable[[], None], peer: str = "", fd: int = -1, ticket: int = 0
    ) -> Connection:
        """Opens a connection; peer is address and local address, as CLIENT LIST shows them. With
        a ticket it is one that the guest has asked for."""
        with self.lock:
            self._running_guest()
            self._last_number = number = self._last_number + 1
            connection = Connection(self, number, notify)
            self.connections[number] = connection
            peer = peer or f"127.0.0.1:{number % 65535 + 1} 127.0.0.1:0"
            if ticket:
                self.inbox.append(_abi.frame(_abi.IN_CONNECTED, number, b"", ticket))
            else:
                self.inbox.append(_abi.frame(_abi.IN_OPEN, number, f"{peer} {fd} 0".encode()))
            return connection

    def _dial(self, guest: Guest | None, ticket: int, payload: bytes) -> None:
        """Makes a connection that a guest has asked for, beside everything else."""
        address, _, source = _abi.cut_path(payload)
        host, _, port = address.rpartition(":")
        peer, why = None, b""
        try:
            bound = (source.decode(), 0) if source else None
            peer = socket.create_connection((host.strip("[]"), int(port)), _DIAL_MAX, bound)
        except (OSError, OverflowError, UnicodeError) as error:
            why = _abi.words(error)
        with self.lock, contextlib.suppress(EngineDied):
            if self._guest is guest and self.over is None:
                self._dialling.discard(ticket)
                if peer:
                    self.carry(peer, ticket)
                else:
                    self.inbox.append(_abi.frame(_abi.IN_DONE, 0, why, ticket))
                self.run()
            elif peer:
                peer.close()

    def ask(self, kind: int, payload: bytes = b"", conn: int = 0) -> bytes:
        """Sends a frame that is answered, which happens in the step that carries it."""
        with self.lock:
            self._running_guest()
            ticket = next(self._tickets)
            self.inbox.append(_abi.frame(kind, conn, payload, ticket))
            self.run()
            while ticket not in self._answers and self.due() == 0:  # files take several steps
                self.run()
            if ticket not in self._answers:  # the engine was shut down in that step
                raise self.over or RedletError("the engine gave no answer")
            return self._answers.pop(ticket)

    def control(self, order: str) -> str:
        """Gives an order of the host's own."""
        answer = self.ask(_abi.IN_CONTROL, order.encode()).decode()
        if not answer.startswith("+"):
            raise RedletError(answer[1:])
        return answer[1:]

    def due(self) -> float | None:
        """Seconds until the engine wants to be stepped; None is never."""
        if self.inbox:
            return 0.0
        if self.over is not None or self._guest is None or self._guest.deadline == float("inf"):
            return None
        return max(0.0, self._guest.deadline / 1e6 - self._now())

    def run(self) -> None:
        """Steps, and goes on while what comes of it asks for more."""
        if self._running or self.over is not None:
            return
        before = self._running_guest().deadline
        self._running = True
        try:
            while self._step() and self.inbox:
                pass
        except EngineDied as death:
            self._died(death)
            raise
        finally:
            self._running = False
        if self._guest and self._guest.deadline < before:
            self.wake()

    def _step(self) -> bool:
        count, size = 0, 0
        for frame in self.inbox:
            size += len(frame)
            if count and size > _STEP_MAX:
                break
            count += 1
        frames = b"".join(self.inbox[:count]) if count != 1 else self.inbox[0]
        del self.inbox[:count]
        output = self._running_guest().step(frames, self._now() * 1e6)
        if output:
            for kind, number, ticket, payload in _abi.frames(output):
                self._receive(kind, number, ticket, payload)
        return self.over is None

    def _receive(self, kind: int, number: int, ticket: int, payload: bytes) -> None:
        if kind <= _abi.OUT_HANGUP:
            if connection := self.connections.get(number):
                connection.deliver(payload)
                if kind == _abi.OUT_HANGUP:
                    connection.ended = True
                    del self.connections[number]
                connection.notify()
        elif _abi.OUT_READ <= kind <= _abi.OUT_REMOVE:
            self.inbox += self._files.carry_out(kind, ticket, payload)
        elif kind == _abi.OUT_LOG:
            self._lines.append(payload.decode(errors="replace"))
            _log.log(_LEVELS[min(ticket, 3)], "%s", self._lines[-1])
        elif kind == _abi.OUT_CONNECT:
            self._dialling.add(ticket)
            dial = (self._guest, ticket, payload)
            threading.Thread(target=self._dial, args=dial, name="redlet-dial", daemon=True).start()
        elif kind in _REFUSALS:
            if ticket:
                self.inbox.append(_abi.frame(_abi.IN_DONE, 0, _REFUSALS[kind], ticket))
        elif kind == _abi.OUT_SHUTDOWN:
            reason = payload.decode(errors="replace")
            if reason.startswith(_abi.CRASHED):
                raise EngineDied(reason)
            self.end(Closed("the server was shut down: " + reason))
        else:
            self._answers[ticket] = payload

    def _died(self, death: EngineDied) -> None:
        """Another engine takes the place of one that has died, with the last snapshot."""
        death.log[:0] = self._lines
        death.args = ("\n".join(["the engine died: " + death.reason, *death.log]),)
        _log.error("%s", death.args[0])
        self._hang_up()
        self.inbox.append(_abi.frame(_abi.IN_CONFIGURE, 1, self._configuration))
        if self.kept and not self._files.lasting:
            self.inbox.append(_abi.frame(_abi.IN_RESTORE, 0, self.kept))
        try:
            self._guest = Guest()
            while self.due() == 0 and self._step():
                pass
            if refusal := self._answers.pop(0, b""):
                self.end(RedletError(refusal.decode(errors="replace")))
        except EngineDied as again:
            self.end(again)

    def _hang_up(self) -> None:
        """Forgets all that the guest has to do with."""
        self.inbox.clear()
        self._answers.clear()
        self._dialling.clear()
        self._files = type(self._files)()
        gone, self.connections = self.connections, {}
        for connection in gone.values():
            connection.ended = True
            connection.notify()

    def end(self, why: Exception) -> None:
        """Drops the engine; whoever waits is told why."""
        if self.over is None:
            self.over = why
            self._guest = None
            self._hang_up()
            self.wake()
