"""What the package promises: servers, clocks, clients without sockets, and ends without hangs."""

import contextlib
import datetime
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_py
from redis._parsers import _RESP2Parser
from redis.cache import CacheConfig

import redlet
from redlet import _guest, _redis, _server
from redlet._engine import wall


@pytest.fixture(scope="module")
def shared() -> Iterator[redlet.Server]:
    with redlet.Server() as server:
        yield server


@pytest.fixture
def server(shared: redlet.Server) -> redlet.Server:
    shared.reset()
    return shared


@pytest.fixture(params=["tcp", "no socket", "no socket, RESP2", "no socket, no hiredis"])
def r(
    server: redlet.Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[redis_py.Redis]:
    if "hiredis" in request.param:
        monkeypatch.setattr(_redis, "pack_command", None)
    if request.param == "tcp":
        client = redis_py.Redis.from_url(server.url, decode_responses=True, socket_timeout=None)
    else:
        protocol = 2 if "RESP2" in request.param else 3
        client = server.client(decode_responses=True, protocol=protocol, socket_timeout=None)
    with client:
        yield client


def run(code: str, timeout: float = 60) -> str:
    """What a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def blocked(server: redlet.Server, count: int = 1) -> None:
    """Waits until clients block, which are to have no timeout of their own: redis-py's is 5 s."""
    with server.client() as client:
        while client.info("clients")["blocked_clients"] != count:
            time.sleep(0.001)


def test_requests_are_packed(r: redis_py.Redis) -> None:
    with r.pipeline(transaction=False) as pipe:
        pipe.set("k", "ä").get("k").config_get("maxmemory")
        pipe.set(bytearray(b"b"), memoryview(b"\0\r\n")).set("f", 1.5).incr("n", 2).get("f")
        assert pipe.execute() == [True, "ä", {"maxmemory": "0"}, True, True, 2, "1.5"]
    with r.pipeline() as pipe, pytest.raises(redis_py.DataError):
        pipe.set("k", None).execute()
    assert r.get("k") == "ä"


def test_commands(r: redis_py.Redis) -> None:
    assert r.set("k", "v") and r.get("k") == "v"
    assert r.hset("h", mapping={"a": "1"}) == 1 and r.hgetall("h") == {"a": "1"}
    with r.pipeline() as pipe:
        assert pipe.incr("n").incr("n").execute() == [1, 2]
    with pytest.raises(redis_py.ResponseError, match="WRONGTYPE"):
        r.incr("h")
    assert r.eval("return redis.call('GET', KEYS[1])", 1, "k") == "v"


def mixed(client: redis_py.Redis) -> list[object]:
    """Replies of many kinds in one pipeline, with their types."""
    with client.pipeline(transaction=False) as pipe:
        pipe.set(name="k", value="ä").get("k").get("none").set("k", "x", 9).set("k", "y", get=True)
        pipe.execute_command("get", "k").execute_command(b"OBJECT HELP").ping().incr("k").incr("n")
        pipe.hset("h", mapping={"a": 1, "b": 2}).hgetall("h").hget("h", "a").incrbyfloat("f", 1.5)
        pipe.zadd("z", {"a": 1.5}).zscore("z", "a").zrange("z", 0, -1, withscores=True)
        pipe.set("d", 1).dump("d").sadd("s", 1, 2).smembers("s").blpop("q", 0.01).client_getname()
        pipe.eval("return redis.call('NO')", 0).config_get("maxmemory").execute_command("HGETALL")
        pipe.xadd("x", {"f": 1}, id="1-1").xrange("x").lpush("l", "x" * (2 << 20)).lrange("l", 0, 0)
        replies = pipe.execute(raise_on_error=False)
        return [(type(r), str(r)) if isinstance(r, Exception) else (type(r), r) for r in replies]


def plain(client: redis_py.Redis, transaction: bool) -> list[object]:
    """Replies that are all taken at once, and others one by one."""
    with client.pipeline(transaction) as pipe:
        pipe.set("k", "ä").get("k").execute_command("get", "k").lrange("none", 0, -1).ping()
        pipe.hset("h", mapping={"a": 1, "b": 2}).hgetall("h").zadd("z", {"a": 1.5})
        pipe.zrange("z", 0, -1, withscores=True).incrbyfloat("f", 1.5).config_get("maxmemory")
        replies = [(type(reply), reply) for reply in pipe.execute()]
    return [*replies, client.get("k"), client.mget("k", "no"), client.dump("k")]


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("decode", [True, False])
def test_pipelines_answer_as_by_tcp(server: redlet.Server, decode: bool, protocol: int) -> None:
    def all_replies(client: redis_py.Redis) -> list[object]:
        return [mixed(client), plain(client, True), plain(client, False)]

    options = {"decode_responses": decode, "protocol": protocol}
    with redis_py.Redis.from_url(server.url, **options) as by_tcp:
        expected = all_replies(by_tcp)
    for more in ({}, {"health_check_interval": 9}, {"parser_class": _RESP2Parser}):
        for make in (redis_py.Redis, type(server.client())):
            server.reset()
            with make(connection_pool=server.pool(**options, **more)) as client:
                assert all_replies(client) == expected


def test_pipelines_with_errors(r: redis_py.Redis) -> None:
    r.set("k", "v")
    with r.pipeline(transaction=False) as pipe:
        with pytest.raises(redis_py.ResponseError, match=r"Command # 2 \(INCRBY k 1\) of pipeline"):
            pipe.get("k").incr("k").set("k", "w").execute()
        assert pipe.get("k").execute() == ["w"]  # nothing is left over
        with pytest.raises(redis_py.ResponseError, match=r"Command # 2 \(INCRBY k 1\) of pipeline"):
            r.pipeline().get("k").incr("k").set("k", "w").execute()
        with pytest.raises(redis_py.ResponseError, match="unknown command"):
            r.pipeline().get("k").execute_command("NO").get("k").execute()
        pipe.get("k").client_kill_filter(_id=r.client_id(), skipme=False).get("k")
        with contextlib.suppress(redis_py.ConnectionError):
            pipe.execute()
        assert pipe.get("k").execute() == ["w"]
        pipe.watch("k")
        pipe.multi()
        assert pipe.execute() == []
        pipe.watch("k")
        assert pipe.get("k") == "w"
        pipe.multi()
        r.set("k", "x")
        with pytest.raises(redis_py.WatchError):
            pipe.get("k").execute()
        r.set("k", b"\xff")
        with pytest.raises(UnicodeDecodeError):
            pipe.get("k").get("none").execute()
        assert pipe.strlen("k").execute() == [1]


def test_a_pipeline_whose_connection_was_closed(server: redlet.Server, r: redis_py.Redis) -> None:
    with r.pipeline() as pipe, server.client() as other:
        pipe.watch("k")
        pipe.multi()
        other.client_kill_filter(_type="normal", skipme=True)
        with pytest.raises(redis_py.WatchError, match="ConnectionError"):
            pipe.get("k").execute()
        assert pipe.get("k").execute() == [None]


def test_pushes_between_replies(server: redlet.Server) -> None:
    with server.client(protocol=3, decode_responses=True) as client, client.pipeline(False) as pipe:
        seen: list[object] = []
        pipe.execute_command("CLIENT", "TRACKING", "ON").get("a").execute()
        pipe.immediate_execute_command("PING")
        pipe.connection._parser.set_invalidation_push_handler(seen.append)
        assert pipe.get("a").set("a", 1).get("a").execute() == [None, True, "1"]
        assert seen == [["invalidate", ["a"]]]


def test_client_side_caching(server: redlet.Server) -> None:
    with server.client(protocol=3, cache_config=CacheConfig()) as client, server.client() as other:
        other.set("k", "v")
        assert client.get("k") == client.get("k") == b"v"
        assert client.pipeline(transaction=False).get("k").execute() == [b"v"]
        other.set("k", "w")
        assert client.get("k") == b"w"


def test_large_values(r: redis_py.Redis) -> None:
    large = "x" * (5 << 20)
    assert r.set("k", large) and r.get("k") == large


def test_pubsub(server: redlet.Server, r: redis_py.Redis) -> None:
    with r.pubsub() as pubsub, server.client() as other:
        pubsub.subscribe("news")
        assert pubsub.get_message(timeout=20)["type"] == "subscribe"
        assert pubsub.get_message() is None
        assert other.publish("news", "hello") == 1
        assert pubsub.get_message(timeout=20)["data"] == "hello"


def test_blocking(server: redlet.Server, r: redis_py.Redis) -> None:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(r.blpop("q", 0)))
    thread.start()
    blocked(server)
    with server.client() as other:
        other.rpush("q", "x")
    thread.join(20)
    assert list(map(list, seen)) == [["q", "x"]]
    assert r.blpop("q", 0.01) is None


def test_clock(server: redlet.Server, r: redis_py.Redis) -> None:
    assert abs(server.clock.now() - time.time()) < 20
    server.clock.freeze(1_000_000)
    r.set("k", "v", ex=60)
    server.clock.advance(59)
    assert r.get("k") == "v" and server.clock.now() == 1_000_059 and r.pttl("k") == 1000
    server.clock.advance(datetime.timedelta(seconds=1))
    assert r.get("k") is None and r.time() == (1_000_060, 0)
    server.clock.set(datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc))
    assert server.clock.now() == 1_893_456_000
    server.clock.run()
    with pytest.raises(ValueError, match="nothing"):
        server.clock.advance(-1)


def test_advance_ends_waits(server: redlet.Server, r: redis_py.Redis) -> None:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(r.blpop("q", 3000)))
    thread.start()
    blocked(server)
    server.clock.advance(3000)
    thread.join(20)
    assert seen == [None]


def test_snapshot(server: redlet.Server, r: redis_py.Redis) -> None:
    r.set("k", "v")
    image = server.snapshot()
    r.flushall()
    with pytest.raises(redlet.RedletError, match=r"."):
        server.restore(image[:-9])
    server.restore(image)
    assert image.startswith(b"REDIS") and r.get("k") == "v"


def test_fork(server: redlet.Server, r: redis_py.Redis) -> None:
    r.set("k", "v")
    server.clock.freeze()
    with server.fork() as fork, redis_py.Redis.from_url(fork.url, decode_responses=True) as other:
        assert fork.port != server.port and fork.clock.now() == server.clock.now()
        assert other.get("k") == "v" and other.info("clients")["connected_clients"] == 1
        other.set("k", "w")
        assert r.get("k") == "v"
        assert other.client_id() > r.client_id()
    assert r.get("k") == "v"


def test_reset(server: redlet.Server, r: redis_py.Redis) -> None:
    r.set("k", "v")
    r.config_set("maxmemory", "10mb")
    r.acl_setuser("alice", enabled=True)
    server.clock.freeze(1)
    server.reset()
    assert r.dbsize() == 0 and r.config_get("maxmemory") == {"maxmemory": "0"}
    assert r.acl_users() == ["default"] and abs(server.clock.now() - time.time()) < 20


def test_config_and_seed() -> None:
    answers = []
    for _ in range(2):
        with redlet.Server(config={"requirepass": 'a "b"\n', "maxmemory": "5mb"}, seed=bytes(32),
                           port=None) as server:  # fmt: skip
            with server.client() as denied, pytest.raises(redis_py.AuthenticationError):
                denied.get("k")
            with server.client(password='a "b"\n') as r:
                assert r.config_get("maxmemory") == {"maxmemory": "5242880"}
                answers.append(r.acl_genpass())
            with pytest.raises(redlet.RedletError, match="port"):
                _ = server.url
    assert answers[0] == answers[1]
    with pytest.raises(redlet.RedletError, match="nonsense"):
        redlet.Server(config={"nonsense": 1}).start()
    with pytest.raises(TypeError, match="NoneType"):  # a password that the environment lacks
        redlet.Server(config={"requirepass": None}).start()
    with redlet.Server(config={"requirepass": b"\xff"}) as server:
        assert server.client(password=b"\xff").ping()
    with pytest.raises(redlet.RedletError, match='takes a "dir"'):
        redlet.Server(config={"appendonly": True})
    with pytest.raises(redlet.RedletError, match="no folder: /no/such"):
        redlet.Server(config={"dir": "/no/such"})
    with pytest.raises(redlet.RedletError, match="option of the server"):
        redlet.Server(config={"Port": 6379})


def test_addresses() -> None:
    assert _server._name(("127.0.0.1", 7)) == "127.0.0.1:7"
    assert _server._name(("::1", 7, 0, 0)) == "[::1]:7"  # which is how the engine knows a loopback


def test_save_is_harmless(r: redis_py.Redis) -> None:
    assert r.save() and r.bgsave()


def test_death(server: redlet.Server, caplog: pytest.LogCaptureFixture) -> None:
    r = server.client(decode_responses=True)
    r.set("k", "v")
    server.snapshot()
    r.set("k", "w")
    seen: list[Exception] = []

    def wait() -> None:
        try:
            redis_py.Redis.from_url(server.url, socket_timeout=None).blpop("q", 0)
        except redis_py.ConnectionError as error:
            seen.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    blocked(server)
    with server._lock:
        server._send(99)
        with pytest.raises(redlet.EngineDied, match="status 2") as death:
            server._run()
    assert "kind" in death.value.reason and "the engine died" in caplog.text
    thread.join(20)
    assert len(seen) == 1
    assert r.get("k") == "v"  # a new engine, with the last snapshot
    assert redis_py.Redis.from_url(server.url).get("k") == b"v"


def test_trap(server: redlet.Server) -> None:
    r = server.client()
    r.set("k", "v")
    with server._lock:
        guest = server._guest
        assert guest
        guest._globals[0].set_value(guest._store, 8)  # a stack that is not there
    with pytest.raises(redlet.EngineDied):
        r.get("k")
    assert r.get("k") is None and server.snapshot()


@pytest.mark.parametrize("way", ["PANIC", "SEGFAULT"])
def test_debug_crash(way: str) -> None:
    with redlet.Server(config={"enable-debug-command": "yes"}) as server:
        r, other = server.client(), redis_py.Redis.from_url(server.url)
        r.set("k", "v")
        server.snapshot()
        r.set("k", "w")
        with pytest.raises(redlet.EngineDied, match="by signal") as death:
            r.execute_command("DEBUG", way)
        assert any("argv[1]" in line for line in death.value.log)
        assert r.get("k") == b"v"
        with pytest.raises(redis_py.ConnectionError):
            other.execute_command("DEBUG", way)
        assert other.get("k") == b"v"


@pytest.mark.parametrize("size", [100_000, 1 << 20, 2 << 20])
def test_slow_reader_is_corked(server: redlet.Server, size: int) -> None:
    with redis_py.Redis.from_url(server.url) as r, server.client() as other:
        r.set("k", "x" * size)
        sock = r.connection_pool.get_connection()
        sock.send_packed_command([sock.pack_command("GET", "k")[0] * 200])
        while other.info("memory")["mem_clients_normal"] < 8 << 20:
            time.sleep(0.001)
        waiting = [p.transport.get_write_buffer_size() + len(p.outbox) for p in server._peers]
        assert sum(waiting) < 6 << 20
        assert [len(sock.read_response()) for _ in range(200)] == [size] * 200


def test_shutdown() -> None:
    server = redlet.Server().start()
    with server.client() as r:
        r.shutdown(nosave=True)
        assert server.wait(20)
        with pytest.raises(redis_py.ConnectionError):
            r.ping()
    server.close()
    server.close()


def test_out_of_turn() -> None:
    """Before the start and behind the end everything says so."""
    server = redlet.Server()
    every = [server.snapshot, server.reset, server.fork, server.stop, server.clock.now]
    for early in every:
        with pytest.raises(redlet.Closed, match="has not started"):
            early()
    with pytest.raises(redis_py.ConnectionError, match="has not started"):
        server.client().ping()
    with server:
        assert server.client().ping()
    for late in [*every[:3], every[4], server.start]:
        with pytest.raises(redlet.Closed, match="is closed"):
            late()


def test_close_while_clients_block() -> None:
    server = redlet.Server().start()
    seen: list[Exception] = []

    def wait(client: redis_py.Redis) -> None:
        try:
            client.blpop("q", 0)
        except redis_py.ConnectionError as error:
            seen.append(error)

    by_tcp = redis_py.Redis.from_url(server.url, socket_timeout=None)
    clients = [server.client(socket_timeout=None), by_tcp]
    threads = [threading.Thread(target=wait, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    blocked(server, 2)
    server.close()
    for thread in threads:
        thread.join(20)
    assert len(seen) == 2
    with pytest.raises(redlet.Closed):
        server.snapshot()


def test_close_at_once() -> None:
    for _ in range(20):
        with redlet.Server() as server:
            address = server.address
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)


def test_many_threads(server: redlet.Server) -> None:
    def work(client: redis_py.Redis) -> None:
        for _ in range(50):
            client.incr("n")

    clients = [server.client(), redis_py.Redis.from_url(server.url)] * 2
    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert clients[0].get("n") == b"200"


def test_interpreter_shutdown() -> None:
    code = """
import threading, redlet, redis
server = redlet.Server().start()
threading.Thread(target=lambda: server.client().blpop('q', 0), daemon=True).start()
threading.Thread(target=lambda: redis.Redis.from_url(server.url).blpop('q', 0), daemon=True).start()
while server.client().info('clients')['blocked_clients'] != 2: pass
print('end')
"""
    assert run(code) == "end\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_os_fork() -> None:
    code = """
import os, redlet, redis
server = redlet.Server().start()
r, url = redis.Redis.from_url(server.url), server.url
r.set('k', 'v')
if (child := os.fork()) == 0:
    assert redis.Redis.from_url(url).get('k') == b'v'
    try:
        server.snapshot()
    except redlet.Closed:
        try:
            server.client().ping()
        except redis.ConnectionError:
            redis.Redis.from_url(url).set('k', 'w')
    server.close()
else:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print(r.get('k'), server.client().get('k'))
    server.close()
"""
    assert run(code) == "b'w' b'w'\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_os_fork_while_others_work() -> None:
    code = """
import gc, os, threading, redlet
server = redlet.Server().start()
done = threading.Event()
def work(r):
    while not done.is_set():
        r.incr('n')
clients = [server.client() for _ in range(2)]
threads = [threading.Thread(target=work, args=(r,)) for r in clients]
for thread in threads:
    thread.start()
for _ in range(20):
    if (child := os.fork()) == 0:
        del clients, threads
        gc.collect()
        server.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
done.set()
for thread in threads:
    thread.join()
print('end')
"""
    assert run(code) == "end\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_os_fork_by_two_threads() -> None:
    code = """
import os, threading, redlet
server = redlet.Server(port=None).start()
def fork():
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)
for _ in range(5):
    with server._lock:
        threads = [threading.Thread(target=fork) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(0.01)
    for thread in threads:
        thread.join()
    if not server._lock.acquire(timeout=20):
        os._exit(1)
    server._lock.release()
print('end')
"""
    assert run(code) == "end\n"


def test_module() -> None:
    command = [sys.executable, "-m", "redlet", "--port", "0", "--maxmemory", "5mb"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        url = program.stdout.readline().split()[-1]
        with redis_py.Redis.from_url(url) as r:
            assert r.config_get("maxmemory") == {"maxmemory": "5242880"}
        program.terminate()
        try:
            assert program.wait(30) == 0
        finally:
            program.kill()


def test_a_cache_that_nobody_writes_is_read(server: redlet.Server, tmp_path: Path) -> None:
    for kept in _guest.cache_folder().glob("redlet-*.cwasm"):
        shutil.copy(kept, tmp_path)
    (tmp_path / "lock").mkdir()  # which no user may open to write, root included
    code = "import logging, redlet; logging.basicConfig(level=10); redlet.Server().start().close()"
    environment = {**os.environ, "REDLET_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "redlet.wasm" not in done.stderr


@pytest.mark.parametrize("option", ["--port 99999", "--dir /none", "--appendonly yes", "--no no"])
def test_module_refuses(option: str) -> None:
    command = [sys.executable, "-m", "redlet", "--port=0", *option.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("redlet: ") and done.stderr.count("\n") == 1


def test_wall_is_the_time() -> None:
    assert abs(wall() - time.time()) < 20
