"""Measures redlet beside fakeredis and redis-server: `python bench.py`, in a venv that has all.

REDLET_REFERENCE names the redis-server; without it the one on the PATH is taken, if there is one.
"""

import asyncio
import itertools
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
import redis.asyncio

SECONDS = 1.0
BATCH = 100
START = """
import time, redis; began = time.perf_counter()
import {name}; loaded = time.perf_counter()
{code}
r.ping()
print(loaded - began, time.perf_counter() - loaded)
"""
REDLET = "server = redlet.Server().start(); r = server.client()"
FAKE = "r = fakeredis.FakeRedis()"


def rate(work: Callable[[], int]) -> float:
    """Commands a second, the best of three."""
    best = 0.0
    for _ in range(3):
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < SECONDS / 3:
            count += work()
        best = max(best, count / (time.perf_counter() - began))
    return best


def rates(r: Any) -> list[float]:
    """One GET after another; pipelines of SET, of GET, of INCR, of sorted sets."""
    r.set("k", "v")

    def pipelined(stage: Callable[[Any, int], Any]) -> float:
        def work() -> int:
            pipe = r.pipeline(transaction=False)
            for i in range(BATCH):
                stage(pipe, i)
            pipe.execute()
            return BATCH

        return rate(work)

    def sorted_sets() -> int:
        pipe = r.pipeline(transaction=False)
        for i in range(BATCH // 2):
            pipe.zadd("z", {f"m{i}": i})
            pipe.zrange("z", 0, 9)
        pipe.execute()
        return BATCH

    return [
        rate(lambda: bool(r.get("k"))),
        pipelined(lambda pipe, i: pipe.set(f"key:{i}", "v")),
        pipelined(lambda pipe, i: pipe.get(f"key:{i}")),
        pipelined(lambda pipe, i: pipe.incr(f"n:{i}")),
        rate(sorted_sets),
    ]


# What pipelines are made of, and replies in their place.
SHAPES: dict[str, tuple[Callable[[Any, int], Any], list[Any]]] = {
    "SET": (lambda pipe, i: pipe.set(f"key:{i}", "v"), [b"OK", b"OK"]),
    "GET": (lambda pipe, i: pipe.get(f"key:{i}"), [b"v", b"v"]),
    "INCR": (lambda pipe, i: pipe.incr(f"n:{i}"), [1, 1]),
    "ZADD": (
        lambda pipe, i: pipe.zadd("z", {f"m{i}": i}) if i % 2 else pipe.zrange("z", 0, 9),
        [[b"m"] * 10, 0],
    ),
}


def alone(connection: Any, shape: str, multi: bool) -> None:
    """Has a connection do nothing: no server can let redis-py be quicker."""
    replies = SHAPES[shape][1] * (BATCH // 2)
    row = itertools.cycle([b"OK", *[b"QUEUED"] * BATCH, replies] if multi else replies)

    async def send(*_: Any) -> None:
        pass

    async def read(*_: Any) -> Any:
        return next(row)

    late = isinstance(connection, redis.asyncio.connection.AbstractConnection)
    connection.pack_commands = lambda *_: []
    connection.send_packed_command = send if late else lambda *_: None
    connection.read_response = read if late else lambda *_: next(row)


async def processor_time(make: Callable[[str], Any]) -> None:
    """Microseconds of processor time that a command by 100 takes in this process, of the best of
    several in turn; and how often that is in fakeredis'."""

    async def run(r: Any, stage: Callable[[Any, int], Any], multi: bool) -> None:
        pipe = r.pipeline(transaction=multi)
        for i in range(BATCH):
            stage(pipe, i)
        done = pipe.execute()
        if asyncio.iscoroutine(done):
            await done

    for shape, multi in itertools.product(SHAPES, (False, True)):
        clients = {name: make(name) for name in ("client()", "pool", "redis-py alone", "fakeredis")}
        connection = clients["redis-py alone"].connection_pool.get_connection()
        if asyncio.iscoroutine(connection):
            connection = await connection
        alone(connection, shape, multi)
        done = clients["redis-py alone"].connection_pool.release(connection)
        if asyncio.iscoroutine(done):
            await done
        best = dict.fromkeys(clients, float("inf"))
        for name in [*clients] * 5:
            began, count = time.process_time(), 0
            while time.process_time() - began < SECONDS / 10:
                await run(clients[name], SHAPES[shape][0], multi)
                count += BATCH
            best[name] = min(best[name], (time.process_time() - began) / count * 1e6)
        words = [f"{t:.2f} us, {best['fakeredis'] / t:.1f}" for t in best.values()]
        row([f"{shape} by {BATCH}{', MULTI' if multi else ''}", *words])


def row(words: list[str]) -> None:
    """Prints a row of a table."""
    print("".join(word.ljust(21) for word in words), flush=True)


def beside_fakeredis() -> None:
    """The clients without sockets."""
    import fakeredis

    import redlet
    import redlet.aio

    with redlet.Server(port=None) as server:
        kinds: dict[str, Callable[[], Any]] = {
            "client()": server.client,
            "fakeredis": fakeredis.FakeRedis,
        }
        pool = lambda: redis.Redis(connection_pool=server.pool())  # noqa: E731
        row(["", "client()", "pool", "redis-py alone", "fakeredis"])
        asyncio.run(processor_time(lambda name: kinds.get(name, pool)()))

    async def late() -> None:
        async with redlet.aio.Server(port=None) as server:
            kinds: dict[str, Callable[[], Any]] = {
                "client()": server.client,
                "fakeredis": fakeredis.FakeAsyncRedis,
            }
            pool = lambda: redis.asyncio.Redis(connection_pool=server.pool())  # noqa: E731
            await processor_time(lambda name: kinds.get(name, pool)())

    row(["asyncio"])
    asyncio.run(late())


def start(name: str, code: str, cache: str) -> tuple[float, float]:
    """Seconds of importing a package, and until its server has answered, in a new process."""
    program = [sys.executable, "-c", START.format(name=name, code=code)]
    environment = {**os.environ, "REDLET_CACHE_DIR": cache}
    said = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
    loaded, began = map(float, said.stdout.split())
    return loaded, began


def resident() -> float:
    """MB of memory that this process has."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def grown(make: Callable[[], Any]) -> tuple[float, float]:
    """MB that a server takes, and 100,000 small keys in it."""
    empty = resident()
    r = make()
    r.ping()
    begun = resident()
    for i in range(0, 100_000, 1000):
        r.mset({f"key:{i + n}": "value" for n in range(1000)})
    return begun - empty, resident() - begun


def memory(name: str, code: str) -> list[str]:
    """The same in a process of its own."""
    program = f"import {name}, bench\nheld = []\ndef make():\n    {code}\n"
    program += "    held.append(locals())\n    return r\nprint(*bench.grown(make))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=True, cwd=Path(__file__).parent)  # fmt: skip
    return [f"{float(word):.0f} MB" for word in said.stdout.split()]


def main() -> None:
    """Prints the figures."""
    import fakeredis

    import redlet

    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as cache:
        first = start("redlet", REDLET, cache)
        cached = [start("redlet", REDLET, cache) for _ in range(5)]
    fake = [start("fakeredis", FAKE, "") for _ in range(5)]
    print(f"start: redlet first {first[1]:.1f} s, cached {best(cached)}; fakeredis {best(fake)}")
    with redlet.Server() as server:
        began = time.perf_counter()
        for _ in range(20):
            server.fork().close()
        forked = (time.perf_counter() - began) / 20
        began = time.perf_counter()
        for _ in range(20):
            server.reset()
        print(
            f"fork {forked * 1e3:.1f} ms, reset {(time.perf_counter() - began) / 20 * 1e3:.1f} ms"
        )
        rows.append(["redlet, no socket", *show(rates(server.client()))])
        rows.append(["redlet, TCP", *show(rates(redis.Redis.from_url(server.url)))])
    rows[0] += memory("redlet", REDLET)
    rows.append(["fakeredis", *show(rates(fakeredis.FakeRedis())), *memory("fakeredis", FAKE)])
    if program := os.environ.get("REDLET_REFERENCE") or shutil.which("redis-server"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s")
            options = ["--port", "16997", "--unixsocket", path, "--dir", folder, "--save", ""]
            with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as server:
                while not os.path.exists(path):
                    time.sleep(0.01)
                rows.append(["redis-server, TCP", *show(rates(redis.Redis(port=16997)))])
                server.terminate()
    heads = ["", "GET in turn", "SET by 100", "GET by 100", "INCR by 100"]
    heads += ["ZADD, ZRANGE by 100", "empty", "100,000 keys"]
    for words in [heads, *rows]:
        row(words)
    beside_fakeredis()


def best(starts: list[tuple[float, float]]) -> str:
    """The quickest of some starts."""
    loaded, began = (min(column) * 1e3 for column in zip(*starts, strict=True))
    return f"{began:.0f} ms after an import of {loaded:.0f} ms"


def show(numbers: list[float]) -> list[str]:
    """Commands a second."""
    return [f"{number:,.0f}/s" for number in numbers]


if __name__ == "__main__":
    main()
