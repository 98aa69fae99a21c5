// redlock, in its maintained fork, as it comes from its registry: one server, and three of them.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Redlock } from '@sesamecare-oss/redlock';
import { Redis } from 'ioredis';

import { waitUntil } from './helpers.js';
import { SERVERS } from './servers.js';

/** @typedef {import('./servers.js').Served} Served */

for (const [name, serve] of SERVERS) {
  for (const size of [1, 3]) {
    test(`redlock on ${name}, ${size} of them`, async (t) => {
      /** @type {Served[]} */
      const servers = [];
      for (let i = 0; i < size; i++) servers.push(await serve(t));
      const clients = servers.map(({ port }) => new Redis(port, { maxRetriesPerRequest: 0 }));
      t.after(() => clients.forEach((client) => client.disconnect()));
      await t.test('one holder', () => oneHolder(clients));
      await t.test('a lock that is waited for', () => waitedFor(clients));
      await t.test('a lock that expires', () => expires(clients, servers));
      await t.test('a lock that is kept', () => kept(clients));
      if (size > 1) await t.test('a majority', () => majority(clients));
    });
  }
}

/** @param {Redis[]} clients */
async function oneHolder(clients) {
  const locks = new Redlock(clients, { retryCount: 0 });
  const lock = await locks.acquire(['one', 'two'], 60_000);
  await assert.rejects(locks.acquire(['two', 'three'], 60_000), /quorum/);
  assert.equal(await clients[0]?.exists('one', 'two', 'three'), 2);
  const longer = await lock.extend(120_000);
  assert.ok(Number(await clients[0]?.pttl('one')) > 60_000);
  await longer.release();
  assert.equal(await clients[0]?.exists('one', 'two'), 0);
  await assert.rejects(longer.release(), /quorum/);
  await (await locks.acquire(['two', 'three'], 60_000)).release();
}

/** @param {Redis[]} clients */
async function waitedFor(clients) {
  const locks = new Redlock(clients, { retryCount: -1, retryDelay: 10, retryJitter: 5 });
  const first = await locks.acquire(['wanted'], 60_000);
  let got = false;
  const second = locks.acquire(['wanted'], 60_000).then((lock) => {
    got = true;
    return lock;
  });
  await clients[0]?.ping();
  assert.equal(got, false);
  await first.release();
  await (await second).release();
}

/**
 * @param {Redis[]} clients
 * @param {Served[]} servers
 */
async function expires(clients, servers) {
  const locks = new Redlock(clients, { retryCount: 0 });
  const first = await locks.acquire(['brief'], 1000);
  await Promise.all(servers.map((server) => server.advance(1001)));
  const second = await locks.acquire(['brief'], 60_000);
  await assert.rejects(first.extend(1000));
  await second.release();
}

/** @param {Redis[]} clients */
async function kept(clients) {
  const locks = new Redlock(clients, { automaticExtensionThreshold: 150 });
  const result = await locks.using(['kept'], 250, async (signal, context) => {
    await waitUntil('three extensions', () => context.extensions >= 3);
    assert.equal(signal.aborted, false);
    assert.equal(await clients[0]?.exists('kept'), 1);
    return 'done';
  });
  assert.equal(result, 'done');
  assert.equal(await clients[0]?.exists('kept'), 0);
}

/** @param {Redis[]} clients */
async function majority(clients) {
  const locks = new Redlock(clients, { retryCount: 0 });
  await clients[0]?.set('shared', 'of another');
  const lock = await locks.acquire(['shared'], 60_000);
  await lock.release();
  await clients[1]?.set('shared', 'of another');
  await assert.rejects(locks.acquire(['shared'], 60_000), /quorum/);
  assert.equal(await clients[2]?.exists('shared'), 0);
}
