"""Fixtures for pytest: one server a process, which every test finds as new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ._server import Server

if TYPE_CHECKING:
    import redis


@pytest.fixture(scope="session")
def redlet_server() -> Iterator[Server]:
    """The server that tests share, one for each worker of xdist. Override it to configure it."""
    with Server() as server:
        yield server


@pytest.fixture
def redlet(redlet_server: Server) -> Iterator[Server]:
    """A server that is as new, whatever the tests before have done."""
    redlet_server.reset()
    yield redlet_server


@pytest.fixture
def redlet_client(redlet: Server) -> Iterator[redis.Redis]:
    """A client of redis-py that needs no socket."""
    with redlet.client(decode_responses=True) as client:
        yield client
