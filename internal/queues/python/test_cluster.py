"""Runs redis-py's client of a cluster on the cluster that bin/redlet serves."""

import asyncio
import os
import socket
import subprocess
import tempfile
import time
import unittest

import redis
from redis.asyncio.cluster import RedisCluster as AsyncCluster
from redis.cluster import ClusterNode, LoadBalancingStrategy, RedisCluster

ROOT = os.path.dirname(os.path.abspath(__file__))
BINARY = os.path.join(ROOT, "..", "..", "..", "bin", "redlet")
PATIENCE = 30  # seconds
NODES = 6
SLOT = 12182  # that of foo, which the third master has at first


def free_ports():
    """Finds the first of NODES ports in a row on which nobody listens."""
    for base in range(27000, 32000, NODES):
        held = []
        try:
            for port in range(base, base + NODES):
                s = socket.socket()
                held.append(s)
                s.bind(("127.0.0.1", port))
            return base
        except OSError:
            pass
        finally:
            for s in held:
                s.close()
    raise RuntimeError("no ports are free")


class Cluster(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.base = free_ports()
        self.server = subprocess.Popen(
            [BINARY, "--cluster", str(NODES), "--cluster-replicas", "1", "--port", str(self.base),
             "--save", "", "--dir", self.folder.name], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        for line in self.server.stdout:
            if "Ready to accept connections" in line:
                break
        self.nodes = [redis.Redis(port=self.base + i, decode_responses=True) for i in range(NODES)]

    def end(self):
        for node in self.nodes:
            node.close()
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()
        self.folder.cleanup()

    def move(self, source, target):
        """Moves the slot of foo from one node to another."""
        ids = {n: n.execute_command("CLUSTER MYID") for n in (source, target)}
        target.execute_command("CLUSTER SETSLOT", SLOT, "IMPORTING", ids[source])
        source.execute_command("CLUSTER SETSLOT", SLOT, "MIGRATING", ids[target])
        port = target.connection_pool.connection_kwargs["port"]
        source.execute_command("MIGRATE", "127.0.0.1", port, "foo", 0, 5000)
        for node in self.nodes[:3]:
            node.execute_command("CLUSTER SETSLOT", SLOT, "NODE", ids[target])

    def fail_over(self, replica):
        """Has the replica take its master's place."""
        replica.execute_command("CLUSTER FAILOVER")
        end = time.monotonic() + PATIENCE
        while replica.execute_command("ROLE")[0] != "master":
            self.assertLess(time.monotonic(), end, "the replica stays one")

    def test_cluster(self):
        with RedisCluster(startup_nodes=[ClusterNode("127.0.0.1", self.base)],
                          decode_responses=True) as client:
            for i in range(100):
                client.set(f"key:{i}", i)
            self.assertEqual(client.dbsize(target_nodes="primaries"), 100)
            self.assertEqual(client.mget_nonatomic(*(f"key:{i}" for i in range(100))),
                             [str(i) for i in range(100)])
            pipeline = client.pipeline()
            for i in range(100):
                pipeline.incr(f"key:{i}")
            self.assertEqual(pipeline.execute(), list(range(1, 101)))
            with self.assertRaises(redis.exceptions.RedisClusterException):
                client.mget("foo", "bar")
            client.set("foo", "1")
            self.move(self.nodes[2], self.nodes[0])
            self.assertEqual(client.get("foo"), "1")
            self.fail_over(self.nodes[3])
            self.assertEqual(client.incr("foo"), 2)
            self.assertEqual(self.nodes[3].get("foo"), "2")

    def test_from_replicas(self):
        with RedisCluster(startup_nodes=[ClusterNode("127.0.0.1", self.base)],
                          load_balancing_strategy=LoadBalancingStrategy.ROUND_ROBIN,
                          decode_responses=True) as client:
            client.set("foo", "1")
            self.assertEqual(self.nodes[2].wait(1, 0), 1)
            self.assertEqual([client.get("foo") for _ in range(8)], ["1"] * 8)

    def test_asyncio(self):
        async def run():
            async with AsyncCluster(host="127.0.0.1", port=self.base,
                                    decode_responses=True) as client:
                await client.set("foo", "1")
                self.move(self.nodes[2], self.nodes[0])
                self.assertEqual(await client.get("foo"), "1")
                self.fail_over(self.nodes[3])
                self.assertEqual(await client.incr("foo"), 2)
        asyncio.run(run())


if __name__ == "__main__":
    unittest.main()
