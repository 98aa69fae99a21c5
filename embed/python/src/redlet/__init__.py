"""A Redis in your process: redis-server 8 in WebAssembly, whose clock you turn.

with redlet.Server() as server:
    r = redis.Redis.from_url(server.url)
    r.set("k", "v", ex=60)
    server.clock.advance(60)
    assert r.get("k") is None
"""

from ._engine import Clock, Closed, RedletError
from ._guest import EngineDied
from ._server import Server

__all__ = ["Clock", "Closed", "EngineDied", "RedletError", "Server"]
__version__ = "0.1.0"
