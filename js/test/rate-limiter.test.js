// rate-limiter-flexible, as it comes from its registry, with either client.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Redis } from 'ioredis';
import {
  BurstyRateLimiter,
  RateLimiterQueue,
  RateLimiterRedis,
  RateLimiterRedisNonAtomic,
  RateLimiterUnion,
} from 'rate-limiter-flexible';
import { createClient } from 'redis';

import { SERVERS } from './servers.js';

/** @typedef {import('node:test').TestContext} TestContext */
/** @typedef {import('./servers.js').Served} Served */

/** @type {[string, (t: TestContext, port: number) => Promise<object>][]} */
const CLIENTS = [
  [
    'ioredis',
    async (t, port) => {
      const storeClient = new Redis(port);
      t.after(() => storeClient.disconnect());
      return { storeClient };
    },
  ],
  [
    'node-redis',
    async (t, port) => {
      const storeClient = createClient({ socket: { port } });
      await storeClient.connect();
      t.after(() => storeClient.destroy());
      return { storeClient, useRedisPackage: true };
    },
  ],
];

/** @type {[string, (client: any, server: Served) => Promise<void>][]} */
const TESTS = [
  ['points', points],
  ['a window that ends', windowEnds],
  ['blocked, rewarded, deleted', blocked],
  ['several limits', several],
  ['a queue', queued],
];

for (const [name, serve] of SERVERS) {
  for (const [clientName, connect] of CLIENTS) {
    test(`rate-limiter-flexible with ${clientName} on ${name}`, async (t) => {
      const server = await serve(t);
      for (const [what, play] of TESTS) {
        await t.test(what, async (s) => play(await connect(s, server.port), server));
      }
    });
  }
}

/**
 * What a refused consumer hears.
 *
 * @param {Promise<unknown>} consumed
 * @returns {Promise<any>}
 */
function refusal(consumed) {
  return consumed.then(
    () => assert.fail('nothing was refused'),
    (reason) => reason,
  );
}

/** @param {any} client */
async function points(client) {
  for (const Limiter of [RateLimiterRedis, RateLimiterRedisNonAtomic]) {
    const limiter = new Limiter({ ...client, keyPrefix: Limiter.name, points: 5, duration: 60 });
    const first = await limiter.consume('ada', 2);
    assert.equal(first.remainingPoints, 3);
    assert.equal(first.isFirstInDuration, true);
    assert.ok(first.msBeforeNext > 0 && first.msBeforeNext <= 60_000);
    const last = await limiter.consume('ada', 3);
    assert.equal(last.remainingPoints, 0);
    assert.equal(last.isFirstInDuration, false);
    const refused = await refusal(limiter.consume('ada'));
    assert.equal(refused.consumedPoints, 6);
    assert.equal((await limiter.get('ada'))?.consumedPoints, 6);
    assert.equal((await limiter.consume('grace')).remainingPoints, 4);
    assert.equal(await limiter.get('nobody'), null);
  }
}

/**
 * @param {any} client
 * @param {Served} server
 */
async function windowEnds(client, server) {
  const limiter = new RateLimiterRedis({ ...client, keyPrefix: 'window', points: 1, duration: 1 });
  await limiter.consume('ada');
  await refusal(limiter.consume('ada'));
  await server.advance(1001);
  assert.equal((await limiter.consume('ada')).remainingPoints, 0);
}

/** @param {any} client */
async function blocked(client) {
  const limiter = new RateLimiterRedis({
    ...client,
    keyPrefix: 'blocked',
    points: 2,
    duration: 60,
    blockDuration: 600,
  });
  await limiter.penalty('ada', 2);
  assert.equal((await limiter.get('ada'))?.consumedPoints, 2);
  await limiter.reward('ada', 1);
  assert.equal((await limiter.consume('ada')).remainingPoints, 0);
  const refused = await refusal(limiter.consume('ada'));
  assert.equal(refused.msBeforeNext, 600_000);
  await limiter.block('grace', 100);
  assert.ok((await refusal(limiter.consume('grace'))).msBeforeNext > 60_000);
  assert.equal(await limiter.delete('grace'), true);
  assert.equal(await limiter.delete('grace'), false);
  await limiter.set('grace', 1, 0);
  assert.equal((await limiter.get('grace'))?.msBeforeNext, -1);
}

/** @param {any} client */
async function several(client) {
  const narrow = new RateLimiterRedis({ ...client, keyPrefix: 'narrow', points: 1, duration: 60 });
  const wide = new RateLimiterRedis({ ...client, keyPrefix: 'wide', points: 3, duration: 600 });
  const bursty = new BurstyRateLimiter(narrow, wide);
  for (let i = 0; i < 4; i++) await bursty.consume('ada');
  await refusal(bursty.consume('ada'));
  const union = new RateLimiterUnion(narrow, wide);
  const both = await union.consume('grace');
  assert.deepEqual(Object.keys(both).sort(), ['narrow', 'wide']);
  assert.deepEqual(Object.keys(await refusal(union.consume('grace'))), ['narrow']);
}

/** @param {any} client */
async function queued(client) {
  const limiter = new RateLimiterRedis({ ...client, keyPrefix: 'queue', points: 2, duration: 1 });
  const queue = new RateLimiterQueue(limiter, { maxQueueSize: 1 });
  assert.equal(await queue.removeTokens(1), 1);
  assert.equal(await queue.removeTokens(1), 0);
  const waiting = queue.removeTokens(1);
  await assert.rejects(queue.removeTokens(1), /queue|maximum/i);
  assert.equal(await waiting, 1);
}
