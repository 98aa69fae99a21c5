// A cluster in this process, with real clients.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Cluster } from 'ioredis';
import { createCluster } from 'redis';

import { openCluster } from '../src/node.js';

/** @param {any} t @param {any} [options] */
async function started(t, options) {
  const cluster = await openCluster(options);
  t.after(() => cluster.close());
  return cluster;
}

/**
 * Moves the slot of foo, and the key, from one node to another, and tells the masters.
 * @param {Awaited<ReturnType<typeof openCluster>>} cluster @param {number} from @param {number} to
 */
async function move(cluster, from, to) {
  const [source, target] = [cluster.nodes[from], cluster.nodes[to]];
  const slot = 12182;
  const ids = [await source?.call('CLUSTER', 'MYID'), await target?.call('CLUSTER', 'MYID')];
  await target?.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(ids[0]));
  await source?.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(ids[1]));
  const port = Number(cluster.servers[to]?.port);
  await source?.client().call('MIGRATE', '127.0.0.1', port, 'foo', 0, 5000);
  for (const node of cluster.nodes.slice(0, 3)) {
    await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(ids[1]));
  }
}

test('ioredis finds keys on every node, and again when slots have moved', async (t) => {
  const cluster = await started(t, { nodes: 6, replicas: 1 });
  const client = new Cluster(cluster.addresses);
  t.after(() => client.disconnect());
  for (let i = 0; i < 100; i++) await client.set(`key:${i}`, String(i));
  let keys = 0;
  for (const node of cluster.nodes.slice(0, 3)) keys += Number(await node.call('DBSIZE'));
  assert.equal(keys, 100);
  // The slot of foo is 12182, which the third master holds; the last node follows it.
  await client.set('foo', 'bar');
  await move(cluster, 2, 1);
  assert.equal(await client.get('foo'), 'bar');
  await move(cluster, 1, 2);
  assert.equal(await client.get('foo'), 'bar');
  const [, , third, , , replica] = cluster.nodes;
  assert.equal(await third?.client().call('WAIT', 1, 0), 1);
  assert.equal(await replica?.call('CLUSTER', 'FAILOVER', 'TAKEOVER'), 'OK');
  assert.equal(await client.get('foo'), 'bar');
  assert.equal(await client.set('foo', 'baz'), 'OK');
  assert.equal(await replica?.call('GET', 'foo'), 'baz');
});

test('node-redis reads from replicas', async (t) => {
  const cluster = await started(t, { nodes: 6, replicas: 1, config: { requirepass: 'secret' } });
  const client = createCluster({
    rootNodes: cluster.urls.map((url) => ({ url })),
    defaults: { password: 'secret' },
    useReplicas: true,
  });
  await client.connect();
  t.after(() => client.destroy());
  await client.set('foo', 'bar');
  assert.equal(await cluster.nodes[2]?.client().call('WAIT', 1, 0), 1);
  for (let i = 0; i < 4; i++) assert.equal(await client.get('foo'), 'bar');
});

test('node-redis goes on when a slot has moved, and when a replica has taken over', async (t) => {
  const cluster = await started(t, { nodes: 6, replicas: 1 });
  const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) });
  await client.connect();
  t.after(() => client.destroy());
  await client.set('foo', 'bar');
  await move(cluster, 2, 0);
  assert.equal(await client.get('foo'), 'bar');
  assert.equal(await cluster.nodes[0]?.client().call('WAIT', 1, 0), 1);
  assert.equal(await cluster.nodes[3]?.call('CLUSTER', 'FAILOVER', 'TAKEOVER'), 'OK');
  assert.equal(await client.set('foo', 'baz'), 'OK');
  assert.equal(await cluster.nodes[3]?.call('GET', 'foo'), 'baz');
});

test('a replica takes the place of a master that was closed', async (t) => {
  const { nodes, servers } = await started(t, { nodes: 6, replicas: 1 });
  const [first, second, , replica] = nodes;
  await first?.close();
  assert.equal(await replica?.call('CLUSTER', 'FAILOVER', 'FORCE'), 'OK');
  await assert.rejects(() => second?.call('GET', '{06S}') ?? Promise.resolve(), {
    message: `MOVED 0 127.0.0.1:${servers[3]?.port}`,
  });
});

test('a node of this process is met, one elsewhere is not', async (t) => {
  const { nodes, servers } = await started(t, { nodes: 2, seed: 'twins' });
  const [a, b] = nodes;
  await b?.call('CLUSTER', 'RESET');
  const meet = (/** @type {number | undefined} */ port) =>
    a?.call('CLUSTER', 'MEET', '127.0.0.1', Number(port)) ?? Promise.resolve();
  assert.equal(await meet(servers[1]?.port), 'OK');
  await assert.rejects(() => meet(1), /no node of this process is at 127\.0\.0\.1:1/);
});

test('what cannot be a cluster is refused', async () => {
  await assert.rejects(() => openCluster({ nodes: 2, replicas: 2 }), RangeError);
  await assert.rejects(() => openCluster(/** @type {any} */ ({ dir: 'x' })), TypeError);
});
