"""An engine, its connections and its clock, which whoever has something for it steps."""

from __future__ import annotations

import collections
import contextlib
import datetime
import logging
import threading
import time
from collections.abc import Callable

from . import _abi
from ._files import Files
from ._guest import EngineDied, Guest

_log = logging.getLogger("redlet")
_LOG_KEPT = 20  # lines of log that EngineDied tells
_STEP_MAX = 1 << 20  # bytes handed in at once: the guest is to be asked whether it has room
CORK = 1 << 20  # bytes that may wait outside of the guest, where its limits do not count them


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
        self.engine, self.number = engine, 0
        self.outbox = bytearray()
        self.ended = False  # the engine has hung up; what is in the outbox is still to be sent

    def open(self, peer: str = "", ticket: int = 0) -> None:
        """Opens it; peer is address and local address, as CLIENT LIST shows them, and descriptor.
        With a ticket it is one that the guest has asked for."""
        with self.engine._lock:
            self.engine._running()
            self.engine._last_number = self.number = self.engine._last_number + 1
            self.engine._connections[self.number] = self
            peer = peer or f"127.0.0.1:{self.number % 65535 + 1} 127.0.0.1:0 -1"
            kind, payload = _abi.IN_OPEN, f"{peer} 0".encode()
            if ticket:
                kind, payload = _abi.IN_CONNECTED, b""
            self.engine._send(kind, self.number, payload, ticket)

    def arrived(self) -> None:
        """Called with the lock held when there is output, or the end."""

    def put(self, data: bytes, kind: int = _abi.IN_DATA) -> None:
        """Hands bytes to the engine."""
        with self.engine._lock:
            for start in range(0, len(data) or 1, _STEP_MAX):
                if self.ended:
                    raise BrokenPipeError("the engine has closed the connection")
                self.engine._send(kind, self.number, data[start : start + _STEP_MAX])
                self.engine._run()

    def take(self, size: int) -> bytes:
        """Takes bytes out of the outbox. Wants the lock held."""
        data = bytes(self.outbox[:size])
        del self.outbox[:size]
        return data

    def pause_writing(self) -> None:
        """Has output wait in the engine, where its limits count it."""
        with contextlib.suppress(EngineDied, BrokenPipeError):
            self.put(b"", _abi.IN_CORK)

    def resume_writing(self) -> None:
        """Lets it flow again."""
        with contextlib.suppress(EngineDied, BrokenPipeError):
            self.put(b"", _abi.IN_UNCORK)

    def close(self) -> None:
        """Tells the engine that the client has gone."""
        with self.engine._lock, contextlib.suppress(EngineDied):  # it is logged
            if self.engine._connections.pop(self.number, None):
                self.ended = True
                self.arrived()
                self.engine._send(_abi.IN_CLOSE, self.number)
                self.engine._run()


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
        return int(self._engine._control("clock").split()[0]) / 1e6

    def turn(self) -> None:
        """Lets the engine see at once that the server's ``now`` tells another time."""
        with self._engine._lock:
            self._engine._run()

    def _turn(self, order: str) -> None:
        while self._engine._control(order).endswith(" 1"):
            order = "clock forward 0"


Asked = tuple[Guest, int]  # who waits for a connection to another server, and by which ticket


class Engine:
    """An engine and its connections. What has an underscore wants the lock, or takes it."""

    _guest: Guest | None = None
    _over: Exception | None = None  # why nothing works any more
    _kept: bytes | None = None  # the last snapshot: what follows a death begins with it
    _answer: bytes | None = None
    _last_number = 0  # of a connection: CLIENT ID shows them, so none comes twice
    _stepping = False

    def __init__(self, now: Callable[[], float], configuration: bytes, files: Files) -> None:
        self._now, self._files = now, files
        self._configuration: bytes = configuration
        self._lock = threading.RLock()
        self._connections: dict[int, Connection] = {}
        self._dialling: set[Asked] = set()
        self._inbox: list[bytes] = []
        self._lines: collections.deque[str] = collections.deque(maxlen=_LOG_KEPT)
        self.clock = Clock(self)

    def _wake(self) -> None:
        """The deadline has come nearer."""

    def _dial(self, asked: Asked, payload: bytes) -> None:
        """Makes a connection to another server, in a thread of its own: names may take long."""

    def snapshot(self) -> bytes:
        """Everything but the connections, as an RDB file. What follows a death begins with it."""
        if not (image := self._ask(_abi.IN_SNAPSHOT)):
            raise RedletError("there is no memory for a snapshot")
        self._kept = image
        return image

    def restore(self, image: bytes) -> None:
        """Replaces all data by that of an RDB file, or nothing if it is damaged."""
        if refusal := self._ask(_abi.IN_RESTORE, image):
            raise RedletError(refusal.decode(errors="replace"))
        self._kept = image

    def reset(self) -> None:
        """Makes the server what it was when it started: without data, its clock running. Clients
        are disconnected."""
        with self._lock:
            self._movable()
            self._hang_up()
            self._kept = None
            self._begin()
            self._running()

    def _begin(self) -> None:
        """Starts a guest, with the last snapshot, but that files are newer; or it is all over."""
        try:
            self._guest, self._answer = Guest(), None
            self._send(_abi.IN_CONFIGURE, 1, self._configuration)
            if self._kept and not self._files.lasting:
                self._send(_abi.IN_RESTORE, 0, self._kept)
            while self._due() == 0 and self._step():  # files take several steps
                pass
            if self._answer:
                raise RedletError(self._answer.decode(errors="replace"))
        except Exception as error:
            self._end(error)

    def _running(self) -> Guest:
        if self._over or not self._guest:
            raise self._over or Closed("the server has not started")
        return self._guest

    def _movable(self) -> Guest:
        if self._files.lasting:
            raise RedletError('the files in "dir" are those of one server')
        return self._running()

    def _send(self, kind: int, conn: int = 0, payload: bytes = b"", ticket: int = 0) -> None:
        """Has the next step carry a frame."""
        self._inbox.append(_abi.frame(kind, conn, payload, ticket))

    def _ask(self, kind: int, payload: bytes = b"") -> bytes:
        """Sends a frame that is answered, which happens in the step that carries it."""
        with self._lock:
            self._running()
            self._answer = None
            self._send(kind, 0, payload)
            self._run()
            if self._answer is None:  # the engine was shut down in that step
                raise self._over or RedletError("the engine gave no answer")
            return self._answer

    def _control(self, order: str) -> str:
        """Gives an order of the host's own."""
        answer = self._ask(_abi.IN_CONTROL, order.encode()).decode()
        if not answer.startswith("+"):
            raise RedletError(answer[1:])
        return answer[1:]

    def _due(self) -> float:
        """Seconds until the engine wants to be stepped."""
        if self._inbox:
            return 0.0
        return max(0.0, self._running().deadline / 1e6 - self._now())

    def _run(self) -> None:
        """Steps, and goes on while what comes of it asks for more."""
        if self._stepping or self._over is not None:
            return
        before = self._running().deadline
        self._stepping = True
        try:
            while self._step() and self._inbox:
                pass
        except EngineDied as death:
            self._died(death)
            raise
        finally:
            self._stepping = False
        if self._guest and self._guest.deadline < before:
            self._wake()

    def _step(self) -> bool:
        frames = b"".join(self._inbox)
        self._inbox.clear()
        for frame in _abi.frames(self._running().step(frames, self._now() * 1e6)):
            self._receive(*frame)
        return self._over is None

    def _receive(self, kind: int, number: int, ticket: int, payload: bytes) -> None:
        if kind <= _abi.OUT_HANGUP:
            if connection := self._connections.get(number):
                connection.outbox += payload
                if kind == _abi.OUT_HANGUP:
                    del self._connections[number]
                    connection.ended = True
                connection.arrived()
        elif _abi.OUT_READ <= kind <= _abi.OUT_REMOVE:
            self._inbox += self._files.carry_out(kind, ticket, payload)
        elif kind == _abi.OUT_LOG:
            self._lines.append(payload.decode(errors="replace"))
            _log.log(max(1, ticket) * logging.DEBUG, "%s", self._lines[-1])
        elif kind == _abi.OUT_CONNECT:
            self._dialling.add(asked := (self._running(), ticket))
            threading.Thread(target=self._dial, args=(asked, payload), daemon=True).start()
        elif kind in (_abi.OUT_CLUSTER, _abi.OUT_CONFIG):
            if ticket:  # the ports are those of the process whose this is
                self._send(_abi.IN_DONE, 0, b"redlet has no other node and no port here", ticket)
        elif kind == _abi.OUT_SHUTDOWN:
            reason = payload.decode(errors="replace")
            if reason.startswith("crashed"):  # by DEBUG PANIC and the like
                raise EngineDied(reason)
            self._end(Closed("the server was shut down: " + reason))
        else:
            self._answer = payload

    def _died(self, death: EngineDied) -> None:
        """Another engine takes the place of one that has died."""
        death.log[:0] = self._lines
        _log.error("%s", death)
        self._hang_up()
        self._begin()

    def _hang_up(self) -> None:
        """Forgets all that the guest has to do with."""
        self._inbox.clear()
        self._dialling.clear()
        self._files = type(self._files)()
        gone, self._connections = self._connections, {}
        for connection in gone.values():
            connection.ended = True
            connection.arrived()

    def _end(self, why: Exception) -> None:
        """Drops the engine; whoever waits is told why."""
        if self._over is None:
            self._over, self._guest = why, None
            self._hang_up()
            self._wake()
