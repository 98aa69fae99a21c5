import assert from 'node:assert/strict';
import test from 'node:test';

import { Ratelimit } from '@upstash/ratelimit';
import { Redis } from '@upstash/redis';
import { Hono } from 'hono';

import { upstash } from '../src/upstash.js';
import { opened } from './helpers.js';

const URL_ = 'https://redlet.test';

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../src/upstash.js').UpstashOptions} [options]
 */
async function mounted(t, options = { token: 'secret' }) {
  const redis = await opened(t);
  const handler = upstash(redis, options);
  t.after(handler.intercept(URL_));
  return { redis, handler };
}

/** @param {(request: Request) => Promise<Response>} handler */
function asker(handler) {
  return async (/** @type {string} */ path, /** @type {RequestInit} */ init = {}) => {
    const headers = { authorization: 'Bearer secret', ...init.headers };
    const response = await handler(new Request(URL_ + path, { ...init, headers }));
    return [response.status, await response.json()];
  };
}

test('@upstash/redis runs on an engine', async (t) => {
  await mounted(t);
  const redis = new Redis({ url: URL_, token: 'secret', retry: false });
  assert.equal(await redis.set('k', { deep: ['ü', 1] }, { ex: 60 }), 'OK');
  assert.deepEqual(await redis.get('k'), { deep: ['ü', 1] });
  assert.equal(await redis.ping(), 'PONG');
  await redis.hset('h', { a: 1, b: 'OK' });
  assert.deepEqual(await redis.hgetall('h'), { a: 1, b: 'OK' });
  assert.equal(await redis.zadd('z', { score: 1.5, member: 'm' }), 1);
  assert.deepEqual(await redis.zrange('z', 0, -1, { withScores: true }), ['m', 1.5]);
  assert.deepEqual(await redis.pipeline().incr('n').get('n').exec(), [1, 1]);
  assert.deepEqual(await redis.multi().incr('n').lpush('l', 'OK').lrange('l', 0, -1).exec(), [
    2,
    1,
    ['OK'],
  ]);
  assert.deepEqual(await redis.eval('return {KEYS[1], {ARGV[1]}}', ['a'], ['b']), ['a', ['b']]);
  await assert.rejects(redis.lpush('k', 1), /WRONGTYPE/);
  const plain = new Redis({ url: URL_, token: 'secret', responseEncoding: false });
  assert.deepEqual(await plain.get('k'), { deep: ['ü', 1] });
  const stranger = new Redis({ url: URL_, token: 'other', retry: false });
  await assert.rejects(stranger.get('k'), /Unauthorized/);
});

test('what @upstash/redis expects of its servers', async (t) => {
  await mounted(t);
  const redis = new Redis({ url: URL_, token: 'secret', enableAutoPipelining: true });
  const sha = await redis.scriptLoad('return 1');
  assert.equal(await redis.scriptFlush(), 'OK');
  await assert.rejects(redis.evalsha(sha, [], []), /NOSCRIPT/);
  const before = redis.readYourWritesSyncToken;
  await redis.set('k', 'v');
  assert.notEqual(redis.readYourWritesSyncToken, before);
});

test('@upstash/redis subscribes', async (t) => {
  const { redis: engine } = await mounted(t);
  const redis = new Redis({ url: URL_, token: 'secret' });
  const subscriber = redis.subscribe('news');
  const patterns = redis.psubscribe('n*');
  await Promise.all([
    new Promise((resolve) => subscriber.on('subscribe', resolve)),
    new Promise((resolve) => patterns.on('psubscribe', resolve)),
  ]);
  const heard = Promise.all([
    new Promise((resolve) => subscriber.on('message', resolve)),
    new Promise((resolve) => patterns.on('pmessage', resolve)),
  ]);
  assert.equal(await redis.publish('news', { id: 1 }), 2);
  const [plain, matched] = /** @type {any[]} */ (await heard);
  assert.deepEqual(plain, { channel: 'news', message: { id: 1 } });
  assert.deepEqual(matched.message, { id: 1 });
  await subscriber.unsubscribe();
  await patterns.unsubscribe();
  assert.equal(await engine.call('PUBSUB', 'NUMPAT'), 0);
  assert.deepEqual(await engine.call('PUBSUB', 'NUMSUB', 'news'), ['news', 0]);
});

test('@upstash/ratelimit counts on an engine', async (t) => {
  await mounted(t);
  const redis = new Redis({ url: URL_, token: 'secret' });
  for (const limiter of [
    Ratelimit.fixedWindow(2, '1 d'),
    Ratelimit.slidingWindow(2, '1 d'),
    Ratelimit.tokenBucket(2, '1 d', 2),
  ]) {
    const id = String(Math.random());
    const limit = new Ratelimit({ redis, limiter, prefix: id, ephemeralCache: false });
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push((await limit.limit('ada')).success);
    assert.deepEqual(seen, [true, true, false]);
  }
});

test('commands come by path, query and body, and errors with their status', async (t) => {
  const { handler, redis } = await mounted(t, { token: 'secret', readOnlyToken: 'look' });
  const ask = asker(handler);
  assert.deepEqual(await ask('/set/a%20b/v?EX=100&NX'), [200, { result: 'OK' }]);
  assert.equal(await redis.call('TTL', 'a b'), 100);
  assert.deepEqual(await ask('/set/body', { method: 'POST', body: 'x/y' }), [
    200,
    { result: 'OK' },
  ]);
  assert.deepEqual(await ask('/get/body'), [200, { result: 'x/y' }]);
  const encoded = { headers: { 'upstash-encoding': 'base64' } };
  assert.deepEqual(await ask('/mget/body/none', encoded), [200, { result: ['eC95', null] }]);
  assert.deepEqual(await ask('/incr/body'), [
    400,
    { error: 'ERR value is not an integer or out of range' },
  ]);
  const post = (/** @type {unknown} */ body) => ({ method: 'POST', body: JSON.stringify(body) });
  const mixed = [['INCR', 'n'], ['NOPE'], ['SET', 'o', { a: 1 }], ['GET', 'o']];
  const [, replies] = await ask('/pipeline', post(mixed));
  assert.deepEqual(
    [replies[0], Object.keys(replies[1]), replies[3]],
    [{ result: 1 }, ['error'], { result: '{"a":1}' }],
  );
  assert.equal((await ask('/multi-exec', post([['INCR', 'n'], ['NOPE']])))[0], 400);
  assert.equal(await redis.call('GET', 'n'), '1');
  for (const command of [['SELECT', 1], ['MULTI'], ['BLPOP', 'q', 0], ['SUBSCRIBE', 'c'], []]) {
    assert.equal((await ask('/', post(command)))[0], 400);
  }
  assert.equal((await ask('/', { method: 'POST', body: '{' }))[0], 400);
  const look = { headers: { authorization: 'Bearer look' } };
  assert.deepEqual(await ask('/get/body', look), [200, { result: 'x/y' }]);
  assert.match((await ask('/set/body/z', look))[1].error, /^NOPERM/);
  assert.deepEqual(await ask('/get/body?_token=secret', { headers: { authorization: '' } }), [
    200,
    { result: 'x/y' },
  ]);
  assert.equal((await ask('/get/body', { headers: { authorization: '' } }))[0], 401);
});

test('the handler mounts in Hono, and MONITOR streams', async (t) => {
  const redis = await opened(t, { config: { requirepass: 'p w' } });
  const app = new Hono();
  app.all('/redis/*', (c) => upstash(redis, { basePath: '/redis' })(c.req.raw));
  assert.deepEqual(await (await app.request('/redis/set/k/v')).json(), { result: 'OK' });
  const streaming = { headers: { accept: 'text/event-stream' } };
  const response = await app.request('/redis/monitor', streaming);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const body = /** @type {any} */ (response.body);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, 'data: "OK"\n\n');
  await redis.call('GET', 'k');
  // The connection of the call may say HELLO first, whose password nobody is shown.
  let line = String((await reader.read()).value);
  if (line.includes('"HELLO"')) {
    assert.match(line, /"HELLO" "3" "AUTH" "\(redacted\)" "\(redacted\)"/);
    line = String((await reader.read()).value);
  }
  assert.match(line, /^data: \d+\.\d+ \[0 .*\] "GET" "k"\n\n$/);
  await reader.cancel();
});
