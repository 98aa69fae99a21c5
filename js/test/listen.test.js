import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { saveTo } from '../src/node.js';
import { opened } from './helpers.js';

/**
 * Sends bytes and reads until the server has nothing more to say for this client.
 *
 * @param {import('node:net').NetConnectOpts} where
 * @param {string} request
 * @returns {Promise<string>}
 */
function exchange(where, request) {
  return new Promise((resolve, reject) => {
    let text = '';
    // By its address: a name is looked up first, and whose look-up ends first connects first.
    const socket = connect({ host: '127.0.0.1', ...where }, () => socket.write(request));
    socket.setEncoding('latin1');
    socket.on('data', (data) => (text += data));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

test('a server answers on a port of its own choice', async (t) => {
  const redis = await opened(t);
  const server = await redis.listen();
  assert.equal(server.url, `redis://127.0.0.1:${server.port}`);
  const request = 'SET k v\r\nGET k\r\nQUIT\r\n';
  assert.equal(await exchange({ port: server.port }, request), '+OK\r\n$1\r\nv\r\n+OK\r\n');
  assert.equal(await redis.call('GET', 'k'), 'v');
  await server.close();
  await assert.rejects(exchange({ port: server.port }, 'PING\r\n'), /ECONNREFUSED/);
  assert.equal(await redis.call('PING'), 'PONG');
});

test('a server answers on a unix socket', { skip: process.platform === 'win32' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'redlet-'));
  const path = join(folder, 'redis.sock');
  const redis = await opened(t);
  const server = await redis.listen({ path });
  assert.equal(server.url, `unix://${path}`);
  assert.equal(await exchange({ path }, 'PING\r\nQUIT\r\n'), '+PONG\r\n+OK\r\n');
  await redis.close();
  await rm(folder, { recursive: true });
});

test('many clients at once are served, and a large reply gets through whole', async (t) => {
  const redis = await opened(t);
  const { port } = await redis.listen();
  const large = 'y'.repeat(3_000_000);
  await redis.call('SET', 'large', large);
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, i) => {
      const request = i % 10 === 0 ? 'GET large\r\nQUIT\r\n' : `ECHO ${i}\r\nQUIT\r\n`;
      return exchange({ port }, request);
    }),
  );
  for (const [i, reply] of replies.entries()) {
    const text = i % 10 === 0 ? large : String(i);
    assert.ok(reply === `$${text.length}\r\n${text}\r\n+OK\r\n`, `client ${i}`);
  }
});

test('a long script goes on, though nothing else happens', { timeout: 60_000 }, async (t) => {
  const redis = await opened(t);
  const { port } = await redis.listen();
  const request = 'EVAL "local n = 0 for i = 1, 2000000 do n = n + i end return n" 0\r\nQUIT\r\n';
  assert.equal(await exchange({ port }, request), ':2000001000000\r\n+OK\r\n');
});

test('garbage closes its connection and harms no other', async (t) => {
  const redis = await opened(t);
  const { port } = await redis.listen();
  assert.equal(
    await exchange({ port }, '*1\r\nPING\r\n'),
    "-ERR Protocol error: expected '$', got 'P'\r\n",
  );
  assert.equal(await redis.call('PING'), 'PONG');
});

test('closing the engine disconnects its clients', async (t) => {
  const redis = await opened(t);
  const { port } = await redis.listen();
  const waiting = exchange({ port }, 'PING\r\n');
  await exchange({ port }, 'PING\r\nQUIT\r\n');
  await redis.close();
  assert.match(await waiting, /^(\+PONG\r\n)?$/);
});

test('a port that is taken is refused', async (t) => {
  const redis = await opened(t);
  const { port } = await redis.listen();
  await assert.rejects(redis.listen({ port }), /EADDRINUSE/);
});

test('SAVE writes the file, or says why not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'redlet-'));
  const redis = await opened(t, { onsave: saveTo(folder) });
  await redis.call('SET', 'k', 'saved');
  assert.equal(await redis.call('SAVE'), 'OK');
  const files = await readdir(folder);
  assert.deepEqual(files, ['dump.rdb']);
  const image = await readFile(join(folder, 'dump.rdb'));
  await redis.close();

  const next = await opened(t, { snapshot: image, onsave: saveTo(join(folder, 'none')) });
  assert.equal(await next.call('GET', 'k'), 'saved');
  await assert.rejects(next.call('SAVE'), /ERR/);
  await next.close();
  await rm(folder, { recursive: true });
});
