import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import test from 'node:test';

import { open } from '../src/node.js';
import { open as openWeb } from '../src/web.js';

/**
 * @param {import('node:test').TestContext} t that ends it
 * @param {import('../src/node.js').OpenOptions} [options]
 */
async function opened(t, options) {
  const redis = await open(options);
  t.after(() => redis.close());
  return redis;
}

const debug = { 'enable-debug-command': 'yes' };

test('an engine speaks to another one over TCP', async (t) => {
  const far = await opened(t);
  const server = await far.listen();
  const redis = await opened(t, { config: debug });
  const request = 'SET k v\r\nQUIT\r\n';
  const address = `${server.host}:${server.port}`;
  assert.equal(await redis.call('DEBUG', 'DIAL', address, request), '+OK\r\n+OK\r\n');
  assert.equal(await far.call('GET', 'k'), 'v');
  await server.close();
  await assert.rejects(redis.call('DEBUG', 'DIAL', address, 'x'), /ERR connect ECONNREFUSED/);
  assert.equal(await redis.call('PING'), 'PONG');
});

test('connections are made of streams where a program brings them', async (t) => {
  const far = await opened(t);
  /** @type {string[]} */
  const addresses = [];
  const redis = await opened(t, {
    config: debug,
    connect: async (address) => {
      addresses.push(address);
      if (address === 'nowhere:1') throw new Error('no route');
      return far.connect();
    },
  });
  const value = 'x'.repeat(300_000);
  const request = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300000\r\n${value}\r\nGET k\r\nQUIT\r\n`;
  const reply = await redis.call('DEBUG', 'DIAL', 'far:6379', request);
  assert.equal(reply, `+OK\r\n$300000\r\n${value}\r\n+OK\r\n`);
  await assert.rejects(redis.call('DEBUG', 'DIAL', 'nowhere:1', 'x'), /ERR no route/);
  await redis.call('SET', 'moves', 'v');
  assert.equal(await redis.call('MIGRATE', 'far', 6379, 'moves', 0, 5000), 'OK');
  assert.equal(await redis.call('GET', 'moves'), null);
  assert.equal(await far.call('GET', 'moves'), 'v');
  assert.deepEqual(addresses, ['far:6379', 'nowhere:1', 'far:6379']);
});

test('where there are no sockets the engine is told so', async () => {
  const wasm = await readFile(new URL('../redlet.wasm', import.meta.url));
  const redis = await openWeb({ wasm: new Uint8Array(wasm), config: debug });
  await assert.rejects(redis.call('DEBUG', 'DIAL', 'far:6379', 'x'), /ERR there are no sockets/);
  await redis.call('SET', 'k', 'v');
  const migrated = redis.call('MIGRATE', 'far', 6379, 'k', 0, 5000);
  await assert.rejects(migrated, /IOERR .* connecting to the client: there are no sockets/);
  assert.equal(await redis.call('GET', 'k'), 'v');
  await redis.close();
});

test('commands take time where a stopwatch is asked for', async (t) => {
  for (const stopwatch of [false, true]) {
    const redis = await opened(t, { stopwatch });
    await redis.call('EVAL', 'for i = 1, 1000000 do end', 0);
    const info = String(await redis.call('INFO', 'commandstats'));
    assert.equal(/cmdstat_eval:calls=1,usec=0,/.test(info), !stopwatch);
  }
});

test('an engine that closes ends the connections that it asked for', async () => {
  const redis = await open({ config: debug });
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const arrived = new Promise((resolve) => server.once('connection', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const call = redis.call('DEBUG', 'DIAL', `127.0.0.1:${port}`, 'x');
  const socket = /** @type {import('node:net').Socket} */ (await arrived);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  await redis.close();
  await assert.rejects(call, /the engine is closed/);
  await ended;
  server.close();
});
