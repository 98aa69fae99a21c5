// socket.io's adapter for Redis streams, as it comes from its registry: two servers, one Redis.

import assert from 'node:assert/strict';
import test from 'node:test';

import { createAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';

import { happens, waitUntil } from './helpers.js';
import { SERVERS } from './servers.js';

/** @typedef {import('socket.io-client').Socket} Socket */
/** @typedef {{ redis: any, end: () => void }} Client */
/** @typedef {{ node: Server, client: Socket }} Side */

/** @type {[string, (port: number) => Promise<Client>][]} */
const CLIENTS = [
  [
    'ioredis',
    async (port) => {
      const redis = new Redis(port);
      return { redis, end: () => redis.disconnect() };
    },
  ],
  [
    'node-redis',
    async (port) => {
      const redis = await createClient({ socket: { port } }).connect();
      return { redis, end: () => redis.destroy() };
    },
  ],
];

for (const [name, serve] of SERVERS) {
  for (const [clientName, connect] of CLIENTS) {
    for (const useShardedPubSub of [false, true]) {
      const what = `${clientName}${useShardedPubSub ? ' and sharded channels' : ''}`;
      test(`socket.io with ${what} on ${name}`, async (t) => {
        const { port } = await serve(t);
        await t.test('two servers', async (s) => {
          const clients = [await connect(port), await connect(port)];
          const sides = clients.map(({ redis }) => side(redis, useShardedPubSub));
          s.after(() => close(sides, clients));
          await played(.../** @type {[Side, Side]} */ (sides));
        });
      });
    }
  }
}

/**
 * A server of socket.io with one client.
 *
 * @param {any} redis
 * @param {boolean} useShardedPubSub
 * @returns {Side}
 */
function side(redis, useShardedPubSub) {
  const adapter = createAdapter(redis, { useShardedPubSub, blockTimeInMs: 100 });
  const node = new Server({ adapter, connectionStateRecovery: {} });
  node.listen(0);
  const address = /** @type {any} */ (node).httpServer.address();
  const client = io(`http://127.0.0.1:${address.port}`, {
    transports: ['websocket'],
    reconnectionDelay: 10,
  });
  return { node, client };
}

/**
 * Closes everything; adapters leave their connections only when a blocking read has come back.
 *
 * @param {Side[]} sides
 * @param {Client[]} clients
 */
async function close(sides, clients) {
  for (const { node, client } of sides) {
    client.close();
    await node.close();
  }
  await waitUntil('the end of the adapters’ connections', async () => {
    const info = await clients[0]?.redis.info('clients');
    return String(info).includes(`connected_clients:${clients.length}\r\n`);
  });
  for (const { end } of clients) end();
}

/**
 * @param {Side} left
 * @param {Side} right
 */
async function played(left, right) {
  await waitUntil('two servers that know each other', async () => {
    const found = await Promise.all([left, right].map(({ node }) => node.fetchSockets()));
    return found.every((sockets) => sockets.length === 2);
  });
  await broadcasts(left, right);
  await rooms(left, right);
  await asks(left, right);
  await comesBack(left, right);
}

/**
 * @param {Side} left
 * @param {Side} right
 */
async function broadcasts(left, right) {
  const bytes = Buffer.from([0, 255, 13, 10]);
  const heard = [left, right].map(({ client }) => happens(client, 'news'));
  left.node.emit('news', 'hello', { n: 1 });
  for (const one of heard) assert.deepEqual((await one).slice(0, 2), ['hello', { n: 1 }]);
  const binary = happens(left.client, 'bytes');
  right.node.emit('bytes', bytes);
  assert.deepEqual((await binary)[0], bytes);
}

/**
 * @param {Side} left
 * @param {Side} right
 */
async function rooms(left, right) {
  right.node.socketsJoin('all');
  left.node.in(String(right.client.id)).socketsJoin('room');
  await waitUntil('a socket in its room', async () => {
    return (await left.node.in('room').fetchSockets()).length === 1;
  });
  /** @type {unknown[]} */
  const heard = [];
  left.client.on('turn', (text) => heard.push(`left ${text}`));
  right.client.on('turn', (text) => heard.push(`right ${text}`));
  const last = [left, right].map(({ client }) => happens(client, 'last'));
  left.node.to('room').emit('turn', 'in');
  left.node.except('room').emit('turn', 'out');
  left.node.emit('last');
  await Promise.all(last);
  assert.deepEqual(heard.sort(), ['left out', 'right in']);
}

/**
 * @param {Side} left
 * @param {Side} right
 */
async function asks(left, right) {
  right.node.on('sum', (a, b, answer) => answer(a + b));
  assert.deepEqual(await left.node.serverSideEmitWithAck('sum', 1, 2), [3]);
  for (const { client } of [left, right]) client.on('name', (answer) => answer('ada'));
  assert.deepEqual(await left.node.timeout(10_000).emitWithAck('name'), ['ada', 'ada']);
}

/**
 * A client whose connection broke gets what it missed, from the stream.
 *
 * @param {Side} left
 * @param {Side} right
 */
async function comesBack(left, right) {
  const { client } = left;
  const id = client.id;
  const gone = happens(client, 'disconnect');
  client.io.engine.close();
  await gone;
  const missed = happens(client, 'missed');
  const back = happens(client, 'connect');
  right.node.emit('missed', 'while you were away');
  await back;
  assert.equal((await missed)[0], 'while you were away');
  assert.equal(client.recovered, true);
  assert.equal(client.id, id);
}
