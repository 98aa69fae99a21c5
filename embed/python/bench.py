"""Measures redlet beside fakeredis and redis-server: `python bench.py`, in a venv that has all.

REDLET_REFERENCE names the redis-server; without it the one on the PATH is taken, if there is one.
"""

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


def alone(r: Any) -> Any:
    """A client whose connection does nothing: no server can let redis-py be quicker."""
    connection = r.connection_pool.get_connection()
    connection.pack_commands = connection.send_packed_command = lambda *_, **__: []
    connection.read_response = lambda *_, **__: b"OK"
    r.connection_pool.release(connection)
    return r


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
        by_pool = redis.Redis(connection_pool=server.pool())
        rows.append(["redis-py alone", *show(rates(alone(by_pool)))])
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
    for row in [heads, *rows]:
        print("".join(word.ljust(21) for word in row))


def best(starts: list[tuple[float, float]]) -> str:
    """The quickest of some starts."""
    loaded, began = (min(column) * 1e3 for column in zip(*starts, strict=True))
    return f"{began:.0f} ms after an import of {loaded:.0f} ms"


def show(numbers: list[float]) -> list[str]:
    """Commands a second."""
    return [f"{number:,.0f}/s" for number in numbers]


if __name__ == "__main__":
    main()
