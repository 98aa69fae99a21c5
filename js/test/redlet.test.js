import assert from 'node:assert/strict';
import test from 'node:test';

import { EngineError, ReplyError, open } from '../src/node.js';
import { opened } from './helpers.js';

/** @typedef {import('../src/node.js').NodeRedlet} NodeRedlet */

/**
 * @param {string} name
 * @param {import('../src/node.js').OpenOptions} options
 * @param {(redis: NodeRedlet) => Promise<void>} body
 */
function withRedis(name, options, body) {
  test(name, async (t) => body(await opened(t, options)));
}

withRedis('call answers, and rejects with what the server calls an error', {}, async (redis) => {
  assert.equal(await redis.call('PING'), 'PONG');
  assert.equal(await redis.call('SET', 'k', 'grüße'), 'OK');
  assert.equal(await redis.call('GET', 'k'), 'grüße');
  assert.equal(await redis.call('GET', 'none'), null);
  await assert.rejects(redis.call('INCR', 'k'), (error) => {
    assert.ok(error instanceof ReplyError);
    assert.equal(error.message, 'ERR value is not an integer or out of range');
    return true;
  });
  await assert.rejects(redis.call('SUBSCRIBE', 'c'), /subscribe\(\)/);
  // @ts-expect-error: no argument
  await assert.rejects(redis.call('SET', 'k', null), TypeError);
  assert.equal(await redis.call('GET', 'k'), 'grüße');
});

withRedis('a pipeline gives a reply for each command', {}, async (redis) => {
  const replies = await redis.pipeline([['INCR', 'n'], ['NOPE'], ['INCRBY', 'n', 5]]);
  assert.deepEqual([replies[0], replies[2]], [1, 6]);
  assert.ok(replies[1] instanceof ReplyError);
  assert.deepEqual(await redis.pipeline([]), []);
});

withRedis('bytes go in and out whole', {}, async (redis) => {
  const wild = Uint8Array.from({ length: 256 }, (_, i) => i);
  await redis.call('SET', wild, wild);
  const [reply] = await redis.pipeline([['GET', wild]], { bytes: true });
  assert.deepEqual(reply, wild);
  const client = redis.client({ bytes: true });
  assert.deepEqual(await client.call('GET', wild), wild);
  const large = 'x'.repeat(5_000_000);
  await redis.call('SET', 'large', large);
  assert.equal(await redis.call('GET', 'large'), large);
});

withRedis('a transaction runs in a pipeline', {}, async (redis) => {
  const replies = await redis.pipeline([['MULTI'], ['SET', 'a', 1], ['INCR', 'a'], ['EXEC']]);
  assert.deepEqual(replies, ['OK', 'QUEUED', 'QUEUED', ['OK', 2]]);
});

withRedis('messages reach subscribers', {}, async (redis) => {
  /** @type {unknown[]} */
  const seen = [];
  const plain = await redis.subscribe(['a', 'b'], (...args) => seen.push(args));
  await redis.subscribe('n*', (...args) => seen.push(args), { pattern: true });
  await redis.subscribe('s', (message) => seen.push(message), { sharded: true, bytes: true });
  assert.equal(await redis.call('PUBLISH', 'b', 'one'), 1);
  assert.equal(await redis.call('PUBLISH', 'news', 'two'), 1);
  assert.equal(await redis.call('SPUBLISH', 's', 'three'), 1);
  plain.close();
  assert.equal(await redis.call('PUBLISH', 'a', 'four'), 0);
  assert.deepEqual(seen, [
    ['one', 'b', undefined],
    ['two', 'news', 'n*'],
    new TextEncoder().encode('three'),
  ]);
});

withRedis('clients have connections of their own', {}, async (redis) => {
  const other = redis.client({ resp: 2 });
  await other.call('SELECT', 3);
  await other.call('SET', 'k', 'three');
  assert.equal(await redis.call('GET', 'k'), null);
  assert.notEqual(await redis.call('CLIENT', 'ID'), await other.call('CLIENT', 'ID'));
  const lost = other.call('GET', 'k');
  other.close();
  await assert.rejects(lost, EngineError);
  await assert.rejects(other.call('PING'), EngineError);
});

withRedis('a client that was hung up on connects again', {}, async (redis) => {
  const first = await redis.call('CLIENT', 'ID');
  assert.equal(await redis.call('QUIT'), 'OK');
  assert.ok(Number(await redis.call('CLIENT', 'ID')) > Number(first));
});

withRedis('the configuration counts', { config: { requirepass: 's e"c' } }, async (redis) => {
  assert.equal(await redis.call('PING'), 'PONG');
  const stranger = redis.client({ resp: 2, password: '' });
  await assert.rejects(stranger.call('PING'), /NOAUTH/);
  await stranger.call('AUTH', 's e"c');
  assert.equal(await stranger.call('PING'), 'PONG');
});

test('a configuration that is none is refused', async () => {
  await assert.rejects(open({ config: { maxmemory: 'much' } }), EngineError);
});

test('an append-only file is refused without files, not passed over', async (t) => {
  await assert.rejects(open({ config: { appendonly: 'yes' } }), /opened without files/);
  /** @type {string[]} */
  const log = [];
  const redis = await opened(t, { onlog: (_, text) => log.push(text) });
  const failure = /Unable to turn on AOF. Check server logs./;
  await assert.rejects(redis.call('CONFIG', 'SET', 'appendonly', 'yes'), failure);
  assert.match(log.join(), /opened without files/);
  assert.match(String(await redis.call('INFO', 'persistence')), /aof_enabled:0/);
  assert.equal(await redis.call('SET', 'k', 'v'), 'OK');
});

test('the same seed gives the same choices', async (t) => {
  const choices = [];
  for (const seed of ['a', 'a', 'b']) {
    const redis = await opened(t, { seed });
    await redis.call('MSET', ...Array.from({ length: 40 }, (_, i) => String(i)));
    const picks = await redis.pipeline(Array(10).fill(['RANDOMKEY']));
    choices.push(picks.join());
    await redis.close();
  }
  assert.equal(choices[0], choices[1]);
  assert.notEqual(choices[0], choices[2]);
});

const IMPATIENT = { config: { 'busy-reply-threshold': 20 } };

withRedis('a script that does not end leaves the others answered', IMPATIENT, async (redis) => {
  const endless = redis.call('EVAL', 'while true do end', 0);
  const other = redis.client();
  await assert.rejects(other.call('GET', 'k'), /^ReplyError: BUSY /);
  assert.equal(await other.call('SCRIPT', 'KILL'), 'OK');
  await assert.rejects(endless, /Script killed by user/);
  assert.equal(await other.call('PING'), 'PONG');
});

withRedis('connect gives streams', {}, async (redis) => {
  const { readable, writable } = redis.connect({ addr: '127.0.0.9:99' });
  const writer = writable.getWriter();
  const reader = readable.pipeThrough(new TextDecoderStream()).getReader();
  await writer.write(new TextEncoder().encode('SET k v\r\nGET k\r\n'));
  let text = '';
  while (text.length < 12) text += (await reader.read()).value;
  assert.equal(text, '+OK\r\n$1\r\nv\r\n');
  assert.match(String(await redis.call('CLIENT', 'LIST')), /addr=127\.0\.0\.9:99/);
  await writer.write(new TextEncoder().encode('QUIT\r\n'));
  assert.equal((await reader.read()).value, '+OK\r\n');
  assert.equal((await reader.read()).done, true);
});

withRedis('a reader that does not read holds up nobody else', {}, async (redis) => {
  await redis.call('SET', 'large', 'x'.repeat(1 << 20));
  const { readable, writable } = redis.connect();
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode('GET large\r\n'.repeat(8)));
  assert.equal(await redis.call('PING'), 'PONG');
  let size = 0;
  const reader = readable.getReader();
  while (size < 8 * ((1 << 20) + 12)) size += (await reader.read()).value?.length ?? 0;
  assert.equal(size, 8 * ((1 << 20) + 12));
  await reader.cancel();
});

withRedis('a long life of calls leaves nothing behind', {}, async (redis) => {
  const calls = Array.from({ length: 5000 }, (_, i) => redis.call('ECHO', i));
  assert.deepEqual(
    await Promise.all(calls),
    Array.from({ length: 5000 }, (_, i) => String(i)),
  );
});

test('after close everything rejects', async (t) => {
  const redis = await opened(t);
  const waiting = redis.call('PING');
  await redis.close();
  await assert.rejects(waiting, EngineError);
  await assert.rejects(redis.call('PING'), EngineError);
  await assert.rejects(redis.snapshot(), EngineError);
  await assert.rejects(redis.listen(), EngineError);
  assert.throws(() => redis.connect(), EngineError);
});

test('SHUTDOWN ends the engine', async (t) => {
  /** @type {string | undefined} */
  let why;
  const redis = await opened(t, { onshutdown: (reason) => (why = reason) });
  await assert.rejects(redis.call('SHUTDOWN', 'NOSAVE'), EngineError);
  await assert.rejects(redis.call('PING'), EngineError);
  assert.equal(typeof why, 'string');
});
