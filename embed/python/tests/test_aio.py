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


@pytest.mark.parametrize("transaction", [True, False])
@pytest.mark.parametrize("decode", [True, False])
async def test_pipelines_answer_as_by_tcp(decode: bool, transaction: bool) -> None:
    async def replies(r: redis_py.Redis) -> list[object]:
        async def later(reply: object) -> object:
            return reply

        r.set_response_callback("STRLEN", later)
        pipe = r.pipeline(transaction)
        pipe.set("k", "ä").get("k").incr("n").zadd("z", {"a": 1}).strlen("k")
        first = await pipe.zrange("z", 0, -1, withscores=True).hgetall("none").execute()
        pipe.incr("k").get("k").blpop(["q"], 0.01).lrange("l", 0, -1)
        second = await pipe.set("large", "x" * (3 << 20)).get("large").execute(raise_on_error=False)
        return [*first, *map(str, second), await r.mget("k", "n"), await r.dump("n")]

    async with redlet.aio.Server() as server:
        by_tcp = redis_py.Redis.from_url(server.url, decode_responses=decode)
        expected = await replies(by_tcp)
        for make in (redis_py.Redis, type(server.client())):
            server.reset()
            pool = server.pool(decode_responses=decode)
            assert await replies(make(connection_pool=pool)) == expected


async def test_tasks_take_turns() -> None:
    """A client that asks and asks does not keep others from their turn."""
    async with redlet.aio.Server(port=None) as server, server.client() as r:
        for ask in (lambda: r.get("k"), lambda: r.pipeline().get("k").execute()):
            await r.delete("k")
            other = asyncio.create_task(server.client().set("k", "v"))
            while await ask() in (None, [None]):
                pass
            await other


async def test_watch() -> None:
    async with redlet.aio.Server(port=None) as server, server.client() as r:
        pipe = r.pipeline()
        await pipe.watch("k")
        pipe.multi()
        await r.set("k", "v")
        with pytest.raises(redis_py.WatchError):
            await pipe.get("k").execute()
        assert await pipe.get("k").execute() == [b"v"]


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
