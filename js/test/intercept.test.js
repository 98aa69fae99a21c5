// Connections of node:net that an engine answers, and real clients on them.

import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';

import { Redis } from 'ioredis';
import { createClient } from 'redis';

import { open } from '../src/node.js';
import { happens, opened } from './helpers.js';

test('node-redis and ioredis find the engine as they are', async (t) => {
  const redis = await opened(t, { config: { requirepass: 'p w' } });
  const { url } = redis.intercept();
  const nodeRedis = await createClient({ url }).connect();
  await nodeRedis.set('k', 'v');
  const ioredis = new Redis(url);
  assert.equal(await ioredis.get('k'), 'v');
  await ioredis.quit();
  await nodeRedis.close();
});

test('what is intercepted comes to the engine, and all else goes where it went', async (t) => {
  const redis = await opened(t);
  const server = await redis.listen();
  const at = { host: 'redis.test', port: 6379 };
  const { url, close } = redis.intercept('redis://redis.test/2');
  assert.equal(url, 'redis://redis.test/2');
  assert.throws(() => redis.intercept('redis://REDIS.test:6379'), /is intercepted already/);
  assert.throws(() => redis.intercept('rediss://other.test'), /takes redis:, not rediss:/);
  assert.throws(() => redis.intercept('other.test'), /takes redis:\/\/host:port, not other.test/);
  const ways = [() => net.connect(at), () => net.createConnection(at.port, at.host, () => {})];
  for (const way of ways) {
    const stream = way();
    assert.equal(stream.connecting, true);
    await happens(stream, 'connect');
    assert.equal(stream.connecting, false);
    stream.write('PING\r\n');
    assert.equal(String(await happens(stream, 'data')), '+PONG\r\n');
    stream.destroy();
  }
  const real = net.connect({ host: '127.0.0.1', port: server.port });
  await happens(real, 'connect');
  assert.ok(real instanceof net.Socket);
  real.destroy();
  const { connect } = net;
  close();
  assert.notEqual(net.connect, connect);
  const closed = await open();
  const { createConnection } = net;
  closed.intercept();
  assert.notEqual(net.createConnection, createConnection);
  await closed.close();
  assert.equal(net.createConnection, createConnection);
  assert.throws(() => closed.intercept(), /is closed/);
});
