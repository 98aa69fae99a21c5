import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { EngineError, open } from '../src/node.js';
import { opened } from './helpers.js';

/** @typedef {import('../src/node.js').NodeRedlet} NodeRedlet */

/**
 * Kills the guest: a frame of no known kind ends it.
 *
 * @param {NodeRedlet} redis
 */
function kill(redis) {
  redis.engine.inbox.frame(99);
  redis.engine.schedule();
}

test('after a death the last snapshot is there, and who waited knows', async (t) => {
  /** @type {string[]} */
  const log = [];
  const redis = await opened(t, { onlog: (_level, text) => log.push(text) });
  const server = await redis.listen();
  await redis.call('SET', 'k', 'kept');
  await redis.snapshot();
  await redis.call('SET', 'k', 'lost');
  const { readable } = redis.connect();
  const duplex = redis.duplex();
  /** @type {Promise<Error>} */
  const failed = new Promise((resolve) => void duplex.once('error', resolve));
  const blocked = redis.client().call('BLPOP', 'queue', 0);
  kill(redis);
  await assert.rejects(blocked, /the engine died: step answered 2/);
  await assert.rejects(readable.getReader().read(), EngineError);
  assert.ok((await failed) instanceof EngineError);
  assert.equal(await redis.call('GET', 'k'), 'kept');
  assert.ok(server.port > 0);
  assert.ok(log.some((text) => text.includes('the engine died')));
  assert.ok(log.some((text) => text.includes('with the last snapshot')));
});

test('without a snapshot the next engine is empty, and dies no less well', async (t) => {
  const redis = await opened(t, { keep: false });
  for (let i = 0; i < 3; i++) {
    await redis.call('SET', 'k', 'v');
    await redis.snapshot();
    kill(redis);
    await assert.rejects(redis.call('GET', 'k'), EngineError);
    assert.equal(await redis.call('GET', 'k'), null);
  }
});

test('subscriptions and calls that come at once after a death are served', async (t) => {
  const redis = await opened(t);
  await redis.call('PING');
  kill(redis);
  await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
  const replies = await Promise.all([redis.call('PING'), redis.call('ECHO', 'a')]);
  assert.deepEqual(replies, ['PONG', 'a']);
});

test('what is no WebAssembly, or no guest, is refused', async (t) => {
  await assert.rejects(open({ wasm: new Uint8Array(8) }), WebAssembly.CompileError);
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  await assert.rejects(open({ wasm: empty }), EngineError);
  const folder = await mkdtemp(join(tmpdir(), 'redlet-death-'));
  t.after(() => rm(folder, { recursive: true }));
  const missing = pathToFileURL(join(folder, 'redlet.wasm'));
  await assert.rejects(open({ wasm: missing }), /ENOENT/);
});

test('a snapshot that is none is refused whole', async (t) => {
  await assert.rejects(open({ snapshot: new Uint8Array(20) }), EngineError);
  const redis = await opened(t);
  await redis.call('SET', 'k', 'v');
  const image = await redis.snapshot();
  await assert.rejects(redis.restore(image.subarray(0, image.length - 9)), EngineError);
  assert.equal(await redis.call('GET', 'k'), 'v');
  await redis.call('SET', 'k', 'other');
  await redis.restore(image);
  assert.equal(await redis.call('GET', 'k'), 'v');
});

test('an engine of little memory refuses what it cannot hold, and keeps what it has', async (t) => {
  /** @type {string[]} */
  const log = [];
  const memoryMax = 96 << 20;
  const redis = await opened(t, { memoryMax, onlog: (_level, text) => log.push(text) });
  await redis.call('SET', 'kept', 'whole');
  await redis.call('HSET', 'hash', 'field', 'v'.repeat(1000));
  await assert.rejects(redis.call('SETRANGE', 'k', 400_000_000, 'x'), /^ReplyError: OOM/);
  const value = 'v'.repeat(4 << 20);
  let n = 0;
  await assert.rejects(async () => {
    for (; n < 100; n++) await redis.call('SET', `fill${n}`, value);
  }, /^ReplyError: OOM/);
  assert.ok(n > 1);
  // The values of MGET would be lent to the output; these have to be written.
  await assert.rejects(redis.call('HRANDFIELD', 'hash', -400_000, 'WITHVALUES'), EngineError);
  assert.ok(log.some((text) => text.includes('there is no memory for its output')));
  assert.ok(!log.some((text) => text.includes('the engine died')));
  assert.equal(await redis.call('GET', 'kept'), 'whole');
});
