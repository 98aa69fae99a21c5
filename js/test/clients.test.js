// Real clients: over TCP, and without a socket.

import assert from 'node:assert/strict';
import test from 'node:test';

import { AbstractConnector, Redis } from 'ioredis';
import { createClient } from 'redis';

import { happens, opened, waitUntil } from './helpers.js';

/** @typedef {import('../src/node.js').NodeRedlet} NodeRedlet */
/** @typedef {import('node:test').TestContext} TestContext */

/**
 * Makes a connector that gives ioredis connections to an engine in this process.
 *
 * @param {NodeRedlet} redis
 * @returns {any}
 */
function connectorTo(redis) {
  return class extends AbstractConnector {
    constructor() {
      super(100);
    }

    /** @override */
    async connect() {
      const duplex = redis.duplex();
      this.stream = /** @type {any} */ (duplex);
      return /** @type {any} */ (duplex);
    }
  };
}

/** @type {[string, (t: TestContext) => Promise<() => Redis>][]} */
const WAYS = [
  [
    'ioredis over TCP',
    async (t) => {
      const { port } = await (await opened(t)).listen();
      return () => new Redis(port, '127.0.0.1');
    },
  ],
  [
    'ioredis over TCP with RESP2',
    async (t) => {
      const { port } = await (await opened(t)).listen();
      return () => new Redis({ port, protocol: 2 });
    },
  ],
  [
    'ioredis without a socket',
    async (t) => {
      const Connector = connectorTo(await opened(t));
      return () => new Redis({ Connector });
    },
  ],
];

for (const [name, way] of WAYS) {
  test(name, async (t) => {
    const connect = await way(t);
    const redis = connect();
    t.after(() => redis.disconnect());
    await t.test('commands', () => ioredisCommands(redis));
    await t.test('transactions', () => ioredisTransactions(redis));
    await t.test('scripts', () => ioredisScripts(redis));
    await t.test('blocking', () => ioredisBlocking(redis, connect()));
    await t.test('publish and subscribe', () => ioredisPubSub(redis, connect()));
    await redis.quit();
  });
}

/** @param {Redis} redis */
async function ioredisCommands(redis) {
  assert.equal(await redis.set('k', 'v', 'EX', 100), 'OK');
  assert.equal(await redis.get('k'), 'v');
  assert.equal(await redis.ttl('k'), 100);
  const wild = Buffer.from([0, 255, 13, 10, 128]);
  await redis.set(wild, wild);
  assert.deepEqual(await redis.getBuffer(wild), wild);
  await redis.hset('h', { a: 1, b: 'two' });
  assert.deepEqual(await redis.hgetall('h'), { a: '1', b: 'two' });
  await redis.rpush('l', 'a', 'b', 'c');
  assert.deepEqual(await redis.lrange('l', 0, -1), ['a', 'b', 'c']);
  await assert.rejects(redis.incr('l'), /^ReplyError: WRONGTYPE/);
  const results = await redis.pipeline().incr('n').incr('l').incr('n').exec();
  assert.deepEqual(
    results?.map(([error, value]) => error?.message.slice(0, 9) ?? value),
    [1, 'WRONGTYPE', 2],
  );
  assert.ok((await redis.info()).includes('redis_version:'));
  const keys = [];
  for await (const page of redis.scanStream({ match: '[hl]' })) keys.push(...page);
  assert.deepEqual(keys.sort(), ['h', 'l']);
}

/** @param {Redis} redis */
async function ioredisTransactions(redis) {
  const results = await redis.multi().set('m', '1').incr('m').exec();
  assert.deepEqual(results, [
    [null, 'OK'],
    [null, 2],
  ]);
  await redis.watch('m');
  await redis.set('m', 'changed');
  assert.equal(await redis.multi().incr('m').exec(), null);
}

/** @param {Redis} redis */
async function ioredisScripts(redis) {
  const source = 'return {KEYS[1], tonumber(ARGV[1]) + redis.call("incr", KEYS[1])}';
  assert.deepEqual(await redis.eval(source, 1, 'counter', 10), ['counter', 11]);
  redis.defineCommand('bump', { numberOfKeys: 1, lua: source });
  const bump = /** @type {any} */ (redis).bump;
  assert.deepEqual(await bump.call(redis, 'counter', 10), ['counter', 12]);
  assert.deepEqual(await bump.call(redis, 'counter', 10), ['counter', 13]);
}

/**
 * @param {Redis} redis
 * @param {Redis} waiting
 */
async function ioredisBlocking(redis, waiting) {
  const popped = waiting.blpop('queue', 0);
  await waitUntil('a blocked client', async () =>
    String(await redis.info('clients')).includes('blocked_clients:1'),
  );
  await redis.rpush('queue', 'job');
  assert.deepEqual(await popped, ['queue', 'job']);
  assert.equal(await waiting.blpop('queue', 0.02), null);
  waiting.disconnect();
}

/**
 * @param {Redis} redis
 * @param {Redis} listening
 */
async function ioredisPubSub(redis, listening) {
  /** @type {Promise<unknown[]>} */
  const message = new Promise((resolve) => {
    listening.on('message', (...args) => resolve(args));
  });
  /** @type {Promise<unknown[]>} */
  const matched = new Promise((resolve) => {
    listening.on('pmessage', (...args) => resolve(args));
  });
  await listening.subscribe('news');
  await listening.psubscribe('w*');
  assert.equal(await redis.publish('news', 'hello'), 1);
  assert.equal(await redis.publish('weather', 'sunny'), 1);
  assert.deepEqual(await message, ['news', 'hello']);
  assert.deepEqual(await matched, ['w*', 'weather', 'sunny']);
  await listening.quit();
}

for (const RESP of /** @type {const} */ ([2, 3])) {
  for (const way of /** @type {const} */ (['listen', 'intercept'])) {
    test(`node-redis by ${way} with RESP${RESP}`, async (t) => {
      const redis = await opened(t, { config: { requirepass: 'p w' } });
      const { url } = await redis[way]();
      const client = createClient({ url, RESP });
      await client.connect();
      t.after(() => client.isOpen && client.destroy());
      await t.test('commands', () => nodeRedisCommands(client));
      await t.test('transactions and scripts', () => nodeRedisMulti(client));
      await t.test('blocking, publish and subscribe', () => nodeRedisWaiting(client));
      await t.test('a lost connection', () => nodeRedisReconnects(client, redis));
      await client.close();
    });
  }
}

/** @param {any} client */
async function nodeRedisCommands(client) {
  assert.equal(await client.set('k', 'v', { expiration: { type: 'EX', value: 100 } }), 'OK');
  assert.equal(await client.get('k'), 'v');
  assert.equal(await client.ttl('k'), 100);
  await client.hSet('h', { a: '1', b: 'two' });
  assert.deepEqual({ ...(await client.hGetAll('h')) }, { a: '1', b: 'two' });
  await client.rPush('l', ['a', 'b', 'c']);
  assert.deepEqual(await client.lRange('l', 0, -1), ['a', 'b', 'c']);
  await assert.rejects(client.incr('l'), /WRONGTYPE/);
  assert.deepEqual(await Promise.all([client.incr('n'), client.incr('n')]), [1, 2]);
  const keys = [];
  for await (const page of client.scanIterator({ MATCH: '[hl]' })) keys.push(...page);
  assert.deepEqual(keys.sort(), ['h', 'l']);
}

/** @param {any} client */
async function nodeRedisMulti(client) {
  assert.deepEqual(await client.multi().set('m', '1').incr('m').exec(), ['OK', 2]);
  const source = 'return {KEYS[1], ARGV[1]}';
  const options = { keys: ['a'], arguments: ['b'] };
  assert.deepEqual(await client.eval(source, options), ['a', 'b']);
  const sha = await client.scriptLoad(source);
  assert.deepEqual(await client.evalSha(sha, options), ['a', 'b']);
}

/**
 * @param {any} client
 * @param {NodeRedlet} redis
 */
async function nodeRedisReconnects(client, redis) {
  const lost = happens(client, 'error');
  const back = happens(client, 'ready');
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await Promise.all([lost, back]);
  assert.equal(await client.get('k'), 'v');
}

/** @param {any} client */
async function nodeRedisWaiting(client) {
  const other = client.duplicate();
  await other.connect();
  const popped = other.blPop('queue', 0);
  await waitUntil('a blocked client', async () =>
    (await client.info('clients')).includes('blocked_clients:1'),
  );
  await client.rPush('queue', 'job');
  assert.deepEqual({ ...(await popped) }, { key: 'queue', element: 'job' });
  /** @type {Promise<unknown[]>} */
  const message = new Promise((resolve) => {
    void other.subscribe('news', (/** @type {unknown[]} */ ...args) => resolve(args));
  });
  await waitUntil('a subscriber', async () => (await client.publish('news', 'hello')) === 1);
  assert.deepEqual(await message, ['hello', 'news']);
  await other.close();
}
