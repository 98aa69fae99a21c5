"""Programs of redlet's users, unmodified."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import jobs
import pytest

import redlet


@pytest.fixture
def server() -> Iterator[redlet.Server]:
    with redlet.Server() as server:
        yield server


def test_celery(server: redlet.Server) -> None:
    from celery import Celery, chord, group
    from celery.contrib.testing.worker import start_worker

    app = Celery("jobs", broker=server.url, backend=server.url)
    app.conf.update(worker_hijack_root_logger=False, task_always_eager=False)
    add, fail = app.task(jobs.add), app.task(jobs.fail)

    @app.task
    def total(numbers: list[int]) -> int:
        return sum(numbers)

    with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False):
        assert add.delay(1, 2).get(30) == 3
        assert group(add.s(i, i) for i in range(10))().get(30) == [2 * i for i in range(10)]
        assert chord(add.s(i, 1) for i in range(3))(total.s()).get(30) == 6
        assert add.apply_async((3, 4), countdown=0.1).get(30) == 7
        with pytest.raises(ValueError, match="it fails"):
            fail.delay().get(30)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="RQ's worker forks")
def test_rq(server: redlet.Server) -> None:
    import redis
    from rq import Queue, SimpleWorker, Worker

    connection = redis.Redis.from_url(server.url)
    queue = Queue(connection=connection)
    plain = queue.enqueue(jobs.add, 1, 2)
    dependent = queue.enqueue(jobs.add, 3, 4, depends_on=plain)
    failed = queue.enqueue(jobs.fail)
    SimpleWorker([queue], connection=connection).work(burst=True)
    assert plain.return_value() == 3 and dependent.return_value() == 7
    assert failed.get_status(refresh=True) == "failed"
    forked = queue.enqueue(jobs.add, 5, 6)
    Worker([queue], connection=connection).work(burst=True)  # in a child of this process
    assert forked.return_value() == 11


def test_django_cache(server: redlet.Server) -> None:
    from django.conf import settings

    if not settings.configured:
        backend = "django.core.cache.backends.redis.RedisCache"
        settings.configure(CACHES={"default": {"BACKEND": backend, "LOCATION": server.url}})
    from django.core.cache import cache

    cache.set("k", {"a": [1, 2]}, timeout=60)
    assert cache.get("k") == {"a": [1, 2]} and cache.add("k", 1) is False
    cache.set_many({"x": 1, "y": 2})
    assert cache.get_many(["x", "y", "z"]) == {"x": 1, "y": 2} and cache.incr("x") == 2
    server.clock.advance(60)
    assert cache.get("k") is None and cache.get("x") == 2
    cache.clear()
    assert cache.get("x") is None


def test_huey(server: redlet.Server) -> None:
    import huey

    app = huey.RedisHuey("jobs", url=server.url)
    add = app.task()(jobs.add)
    later = add.schedule((3, 4), delay=0)
    result = add(1, 2)
    for _ in range(2):
        app.execute(app.dequeue())
    assert {result.get(), later.get()} == {3, 7}
    with app.lock_task("once"), pytest.raises(huey.exceptions.TaskLockedException):
        app.lock_task("once").__enter__()


def test_dramatiq(server: redlet.Server) -> None:
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
    from dramatiq.rate_limits import ConcurrentRateLimiter, RateLimitExceeded
    from dramatiq.rate_limits.backends import RedisBackend
    from dramatiq.results import Results
    from dramatiq.results.backends import RedisBackend as ResultsBackend

    broker = RedisBroker(url=server.url)
    broker.add_middleware(Results(backend=ResultsBackend(url=server.url)))
    dramatiq.set_broker(broker)  # a message asks it for results
    add = dramatiq.actor(jobs.add, broker=broker, store_results=True)
    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=2)
    worker.start()
    try:
        sent = [add.send(i, i) for i in range(5)]
        sent.append(add.send_with_options(args=(10, 10), delay=50))
        results = [message.get_result(block=True, timeout=30_000) for message in sent]
        assert results == [0, 2, 4, 6, 8, 20]
        broker.join("default")
        worker.join()
    finally:
        worker.stop()
        broker.close()
    backend = RedisBackend(url=server.url)
    limiter = ConcurrentRateLimiter(backend, "one", limit=1, ttl=60_000)
    with limiter.acquire(), pytest.raises(RateLimitExceeded), limiter.acquire():
        pass


def test_flask_session(server: redlet.Server) -> None:
    import flask
    import flask_session
    import redis

    app = flask.Flask(__name__)
    app.config.update(
        SESSION_TYPE="redis",
        SESSION_REDIS=redis.Redis.from_url(server.url),
        SESSION_PERMANENT=True,
        PERMANENT_SESSION_LIFETIME=60,
    )
    flask_session.Session(app)

    @app.get("/")
    def visit() -> str:
        flask.session["visits"] = flask.session.get("visits", 0) + 1
        return str(flask.session["visits"])

    visitor, other = app.test_client(), app.test_client()
    assert [visitor.get("/").text, visitor.get("/").text, other.get("/").text] == ["1", "2", "1"]
    server.clock.advance(61)
    assert visitor.get("/").text == "1"


def test_cluster_client() -> None:
    import redis

    with redlet.Server(config={"cluster-enabled": "yes"}) as server:
        server.client().execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        with redis.RedisCluster.from_url(server.url, decode_responses=True) as client:
            for i in range(20):
                client.set(f"key:{i}", i)
            assert client.mget_nonatomic("key:1", "key:2") == ["1", "2"]
            assert client.dbsize() == 20 and client.info("server")["tcp_port"] == server.port
            with pytest.raises(redis.ResponseError, match="same slot"):
                client.execute_command(
                    "MGET", "key:1", "key:2", target_nodes=client.get_random_node()
                )


def test_no_socket(server: redlet.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from rq import Queue, SimpleWorker

    connection = server.client()
    job = Queue(connection=connection).enqueue(jobs.add, 1, 2)
    SimpleWorker([Queue(connection=connection)], connection=connection).work(burst=True)
    assert job.return_value() == 3


@pytest.mark.parametrize("workers", ["0", "2"])
def test_plugin(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
            import pytest, redis

            @pytest.mark.parametrize("n", range(6))
            def test_alone(redlet, redlet_client, n):
                assert redlet_client.dbsize() == 0 and redlet_client.incr("n") == 1
                redlet_client.config_set("maxmemory", "1mb")
                redlet.clock.advance(3600)

            @pytest.mark.parametrize("n", range(3))
            def test_by_url(redlet, n):
                r = redis.Redis.from_url(redlet.url)
                assert r.config_get("maxmemory") == {"maxmemory": "0"} and r.incr("n") == 1
        """)
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", workers]
    done = subprocess.run(
        [*command, str(tmp_path)], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert "9 passed" in done.stdout, done.stdout + done.stderr
