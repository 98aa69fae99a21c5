import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { EngineError, NodeRedlet, open } from '../src/node.js';
import { fixtures as jest } from '../src/fixtures/jest.js';
import { fixtures as nodeTest } from '../src/fixtures/node-test.js';
import { fixtures as vitest } from '../src/fixtures/vitest.js';
import { opened } from './helpers.js';

/** @param {NodeRedlet} redis */
async function everything(redis) {
  const keys = /** @type {string[]} */ (await redis.call('KEYS', '*'));
  return redis.pipeline(keys.sort().map((key) => ['DUMP', key]));
}

test('a fork has all data and goes its own way', async (t) => {
  const redis = await opened(t, { clock: 1_000_000, seed: 'a' });
  const large = 'x'.repeat(3 << 20);
  await redis.pipeline([
    ['SET', 'large', large],
    ['ZADD', 'z', 1, 'a', 2, 'b'],
    ['XADD', 's', '*', 'f', 'v'],
    ['SET', 'session', 'x', 'PX', 5000],
    ['CONFIG', 'SET', 'maxmemory', '64mb'],
    ['FUNCTION', 'LOAD', '#!lua name=l\nredis.register_function("f", function() return 7 end)'],
  ]);
  const before = await everything(redis);
  const fork = await redis.fork();
  t.after(() => fork.close());
  assert.ok(fork instanceof NodeRedlet);
  assert.deepEqual(await everything(fork), before);
  assert.equal(await fork.call('FCALL', 'f', 0), 7);
  const limits = await fork.call('CONFIG', 'GET', 'maxmemory');
  assert.deepEqual(limits, new Map([['maxmemory', String(64 << 20)]]));
  // They make the same choices, and each has its own clock.
  assert.equal(await fork.call('RANDOMKEY'), await redis.call('RANDOMKEY'));
  await fork.clock.advance(5000);
  assert.equal(await fork.call('GET', 'session'), null);
  assert.equal(await redis.call('GET', 'session'), 'x');
  await fork.call('FLUSHALL');
  assert.deepEqual(await everything(redis), before);
  const grandchild = await redis.fork();
  await redis.close();
  assert.deepEqual(await everything(grandchild), before);
  await grandchild.close();
});

test('connections do not go with a fork', async (t) => {
  const redis = await opened(t);
  const { writable } = redis.connect();
  await writable.getWriter().write(new TextEncoder().encode('MULTI\r\n'));
  const blocked = redis.client().call('BLPOP', 'queue', 0);
  /** @type {string[]} */
  const heard = [];
  await redis.subscribe('news', (message) => heard.push(message));
  const [fork, other] = await Promise.all([redis.fork(), redis.fork()]);
  t.after(() => fork.close());
  await other.close();
  assert.equal(
    String(await fork.call('CLIENT', 'LIST'))
      .trim()
      .split('\n').length,
    1,
  );
  assert.equal(await fork.call('PUBLISH', 'news', 'one'), 0);
  await fork.call('RPUSH', 'queue', 'a');
  assert.equal(await fork.call('LLEN', 'queue'), 1);
  await redis.call('RPUSH', 'queue', 'b');
  assert.deepEqual(await blocked, ['queue', 'b']);
  assert.equal(await redis.call('PUBLISH', 'news', 'two'), 1);
  assert.deepEqual(heard, ['two']);
});

test('what is sent before fork() is in it', async (t) => {
  const redis = await opened(t);
  void redis.call('SET', 'k', 'v');
  const fork = await redis.fork();
  assert.equal(await fork.call('GET', 'k'), 'v');
  await fork.close();
  await assert.rejects(fork.fork(), EngineError);
});

test('a connection that is being made ends with a refusal in the fork', async (t) => {
  const config = { 'enable-debug-command': 'yes' };
  /** @type {(streams: any) => void} */
  let connected = () => {};
  let ask = () => {};
  const asked = new Promise((resolve) => (ask = () => resolve(undefined)));
  /** @returns {Promise<any>} */
  const connect = () => {
    ask();
    return new Promise((resolve) => (connected = resolve));
  };
  const far = await opened(t);
  const redis = await opened(t, { config, connect });
  const waiting = redis.call('DEBUG', 'DIAL', 'far:6379', 'QUIT\r\n');
  await asked;
  const fork = await redis.fork();
  assert.equal(await fork.call('PING'), 'PONG');
  await fork.close();
  connected(far.connect());
  assert.equal(await waiting, '+OK\r\n');
});

test('an engine that has files is not forked', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'redlet-fork-'));
  t.after(() => rm(dir, { recursive: true }));
  const redis = await opened(t, { config: { dir } });
  await assert.rejects(redis.fork(), /dir/);
});

test('a fork that dies comes up by itself', async (t) => {
  const redis = await opened(t);
  await redis.call('SET', 'k', 'v');
  await redis.snapshot();
  const fork = await redis.fork();
  t.after(() => fork.close());
  await fork.call('SET', 'k', 'lost');
  fork.engine.inbox.frame(99); // of no known kind, which kills it
  await assert.rejects(fork.call('PING'), EngineError);
  assert.equal(await fork.call('GET', 'k'), 'v');
  assert.equal(await redis.call('GET', 'k'), 'v');
});

test('engines that are closed leave nothing to those that come after', async () => {
  for (let i = 0; i < 5; i++) {
    const redis = await open({ config: i % 2 ? { requirepass: 'secret' } : {} });
    const twin = await open();
    assert.equal(await redis.call('DBSIZE'), 0);
    assert.equal(await twin.call('DBSIZE'), 0);
    await redis.call('SET', `k${i}`, 'x'.repeat(i << 20));
    await twin.call('EVAL', 'for i = 1, 1000 do redis.call("SET", i, i) end', 0);
    const { length } = await redis.snapshot();
    assert.ok(length > 0);
    await Promise.all([redis.close(), twin.close()]);
  }
});

test('reset puts the first data and the first time back', async (t) => {
  const first = await opened(t);
  await first.call('SET', 'fixture', 'ready');
  const snapshot = await first.snapshot();
  for (const [options, keys] of /** @type {const} */ ([
    [{}, []],
    [{ snapshot, clock: 5000 }, ['fixture']],
  ])) {
    const redis = await opened(t, options);
    const server = await redis.listen();
    const { writable, readable } = redis.connect();
    const writer = writable.getWriter();
    await redis.call('SET', 'k', 'v');
    await redis.call('SELECT', 3);
    await redis.call('SET', 'k', 'v');
    await redis.call('SELECT', 0);
    const sha = String(await redis.call('SCRIPT', 'LOAD', 'return 1'));
    await redis.call(
      'FUNCTION',
      'LOAD',
      '#!lua name=l\nredis.register_function("f", function() end)',
    );
    await redis.clock.advance(86_400_000);
    await redis.reset();
    assert.deepEqual(await redis.call('KEYS', '*'), keys);
    assert.equal(await redis.call('EXISTS', 'k'), 0);
    assert.deepEqual(await redis.call('SCRIPT', 'EXISTS', sha), [0]);
    assert.deepEqual(await redis.call('FUNCTION', 'LIST'), []);
    const late = (await redis.clock.get()) - (options.clock ?? Date.now());
    assert.ok(Math.abs(late) < 60_000, String(late));
    await writer.write(new TextEncoder().encode('PING\r\n'));
    const { value } = await readable.getReader().read();
    assert.equal(new TextDecoder().decode(value), '+PONG\r\n');
    await server.close();
  }
});

test('the fixtures give each test its own engine', async (t) => {
  let prepared = 0;
  const prepare = (/** @type {NodeRedlet} */ redis) => {
    prepared++;
    return redis.call('SET', 'fixture', 'ready');
  };
  /** @param {NodeRedlet} redis @param {string} url */
  const check = async (redis, url) => {
    assert.match(url, /^redis:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(await redis.call('INCR', 'n'), 1);
    assert.equal(await redis.call('GET', 'fixture'), 'ready');
  };
  const { redis: redisFixture, url: urlFixture } = vitest({ prepare });
  for (let i = 0; i < 2; i++) {
    await redisFixture({}, (redis) => urlFixture({ redis }, (url) => check(redis, url)));
  }
  const redlet = nodeTest({ prepare });
  for (let i = 0; i < 2; i++) {
    const { redis, url } = await redlet(t);
    await check(redis, url);
  }
  /** @type {any} */
  const hooks = {};
  const names = ['beforeEach', 'afterEach'];
  for (const name of names) {
    Object.assign(globalThis, { [name]: (/** @type {() => unknown} */ f) => (hooks[name] = f) });
  }
  t.after(() => names.forEach((name) => Reflect.deleteProperty(globalThis, name)));
  const mine = jest({ prepare });
  for (let i = 0; i < 2; i++) {
    await hooks.beforeEach();
    await check(mine.redis, mine.url);
    await hooks.afterEach();
  }
  assert.equal(prepared, 3);
});
