import assert from 'node:assert/strict';
import test from 'node:test';

import { Redis } from 'ioredis';

import { visit } from '../examples/visits.js';
import { connect } from '../src/connect.js';
import { opened } from './helpers.js';

test('a real Redis is only named', async () => {
  for (const url of ['redis://10.0.0.1:6379/2', 'rediss://:p@far', 'unix:///run/redis.sock']) {
    const { url: given, redis, close } = await connect(url);
    assert.deepEqual([given, redis], [url, undefined]);
    await close();
  }
  await assert.rejects(connect('http://:secret@x'), /or memory:name, not http:$/);
  await assert.rejects(connect(/** @type {any} */ ({ uri: 'x' })), /no option 'uri'/);
  await assert.rejects(connect(/** @type {any} */ (undefined)), /or memory:name, not nothing$/);
});

test('an embedded one is shared by its name, and ends with the last who uses it', async () => {
  const [a, b] = await Promise.all([
    connect('memory:cache?maxmemory=10mb&maxmemory-policy=allkeys-lru'),
    connect('memory:cache'),
  ]);
  const other = await connect({ in_memory: true, name: 'other' });
  assert.equal(a.url, b.url);
  assert.notEqual(a.url, other.url);
  const client = new Redis(a.url);
  await client.set('k', 'v');
  assert.deepEqual(await client.config('GET', 'maxmemory-policy'), [
    'maxmemory-policy',
    'allkeys-lru',
  ]);
  await client.quit();
  await assert.rejects(connect('memory:cache?maxmemory=20mb'), /with other parameters/);
  await a.close();
  await a.close();
  assert.equal(await b.redis?.call('GET', 'k'), 'v');
  await b.close();
  const again = await connect('memory:cache?maxmemory=20mb');
  assert.equal(await again.redis?.call('GET', 'k'), null);
  await Promise.all([again.close(), other.close()]);
});

test('a parameter that the engine does not know is refused by the engine', async () => {
  const bad = connect('memory:bad?nosuch=1');
  await assert.rejects(bad, /nosuch/);
  const good = await connect('memory:bad');
  await good.close();
});

test('the example runs on an embedded Redis and on a server', async (t) => {
  const held = await connect('memory:visits');
  assert.deepEqual([await visit('/', 'memory:visits'), await visit('/', 'memory:visits')], [1, 2]);
  await held.close();
  const { url } = await (await opened(t)).listen();
  assert.deepEqual([await visit('/', url), await visit('/', url)], [1, 2]);
});
