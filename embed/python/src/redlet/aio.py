"""redlet in asyncio: the same server, with clients of redis.asyncio.

The engine keeps its own thread, so that neither a long command nor a busy event loop holds the
other up. Only starting, which may compile, is awaited: all else takes a moment.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ._server import BaseServer

if TYPE_CHECKING:
    import redis.asyncio
    from typing_extensions import Self


class Server(BaseServer):
    """A Redis in this process, for ``async with``. The options are those of ``redlet.Server``."""

    async def __aenter__(self) -> Self:
        """Starts the server."""
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *error: object) -> None:
        """Closes it."""
        self.close()

    def pool(self, **options: Any) -> redis.asyncio.ConnectionPool:
        """A pool for redis.asyncio whose connections need no socket; options are the pool's."""
        from redis.asyncio import ConnectionPool

        from ._redis import AsyncEngineConnection

        return ConnectionPool(connection_class=AsyncEngineConnection, engine=self, **options)

    def client(self, **options: Any) -> redis.asyncio.Redis:
        """A client of redis.asyncio that needs no socket; options are those of ``pool``."""
        from ._redis import AsyncClient

        return AsyncClient.from_pool(self.pool(**options))
