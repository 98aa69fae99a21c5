"""The jobs, for the workers as for those who queue them."""

import os
import time

import celery
import redis

SOCKET = os.environ["REDLET_SOCKET"]

app = celery.Celery("jobs", broker="redis+socket://" + SOCKET, backend="redis+socket://" + SOCKET)
app.conf.update(
    broker_transport_options={"visibility_timeout": 1, "polling_interval": 0.1},
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    result_expires=3600,
)


def client():
    return redis.Redis(unix_socket_path=SOCKET)


def add(a, b):
    return a + b


def fail():
    raise ValueError("it fails")


def fail_first(name):
    """Fails the first two times that it is asked for by a name."""
    if client().incr(name) < 3:
        raise ValueError("not yet")
    return "third time"


def hang_first(name):
    """Hangs the first time, in which its worker is to be killed."""
    if client().incr(name) == 1:
        client().rpush(name + ":hangs", "1")
        time.sleep(600)
    return "done"


celery_add = app.task(name="add")(add)
celery_fail = app.task(name="fail")(fail)
celery_hang_first = app.task(name="hang_first")(hang_first)


@app.task(name="fail_first", autoretry_for=(ValueError,), max_retries=3, default_retry_delay=0.1,
          retry_backoff=False)
def celery_fail_first(name):
    return fail_first(name)
