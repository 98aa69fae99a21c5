"""Fakes of time reach no server that was not asked to follow them."""

import time

import freezegun
import pytest
import time_machine

import redlet


@pytest.mark.parametrize("fake", [freezegun.freeze_time, time_machine.travel])
def test_a_server_keeps_its_own_time(fake) -> None:
    with redlet.Server() as server, server.client() as r:
        r.set("k", "v", ex=3600)
        with fake("2040-01-01"):
            assert r.get("k") == b"v" and server.clock.now() < 2_200_000_000


@pytest.mark.parametrize("fake", [freezegun.freeze_time, time_machine.travel])
def test_a_server_follows(fake) -> None:
    with redlet.Server(now=lambda: time.time()) as server, server.client() as r:
        r.set("k", "v", ex=3600)
        with fake("2040-01-01", tick=False):
            assert server.clock.now() == 2_208_988_800 and r.get("k") is None
            r.set("k", "v", ex=3600)
        with fake("2040-01-01 00:59:59", tick=False):
            server.clock.turn()
            assert r.ttl("k") == 1
        with fake("2040-01-01 01:00:00", tick=False):
            assert r.get("k") is None
