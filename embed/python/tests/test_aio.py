"""The server for asyncio, and clients of redis.asyncio."""

import asyncio

import pytest
import redis.asyncio as redis_py

import redlet.aio


async def test_clients() -> None:
    async with redlet.aio.Server() as server:
        for client in (server.client(), redis_py.Redis.from_url(server.url)):
            async with client as r:
                assert await r.set("k", "v", ex=60) and await r.get("k") == b"v"
                large = b"x" * (3 << 20)
                assert await r.set("large", large) and await r.get("large") == large
                server.clock.advance(60)
                assert await r.get("k") is None
                async with r.pipeline() as pipe:
                    assert await pipe.incr("n").delete("n").execute() == [1, 1]
        image = server.snapshot()
        server.reset()
        server.restore(image)
        async with server.fork() as fork, fork.client() as r:
            assert await r.dbsize() == 1


async def test_blocking_and_pubsub() -> None:
    async with redlet.aio.Server(port=None) as server, server.client() as r:
        waits = asyncio.create_task(r.blpop(["q"], 0))
        async with server.client() as other:
            while (await other.info("clients"))["blocked_clients"] != 1:
                await asyncio.sleep(0)
            await other.rpush("q", "x")
            assert list(await waits) == [b"q", b"x"]
            async with r.pubsub() as pubsub:
                await pubsub.subscribe("news")
                assert (await pubsub.get_message(timeout=20))["type"] == "subscribe"
                await other.publish("news", "hello")
                assert (await pubsub.get_message(timeout=20))["data"] == b"hello"


async def test_close_while_clients_block() -> None:
    async with redlet.aio.Server() as server:
        clients = [server.client(), redis_py.Redis.from_url(server.url)]
        waits = [asyncio.create_task(client.blpop(["q"], 0)) for client in clients]
        async with server.client() as other:
            while (await other.info("clients"))["blocked_clients"] != 2:
                await asyncio.sleep(0)
    for wait in waits:
        with pytest.raises(redis_py.ConnectionError):
            await asyncio.wait_for(wait, 20)
