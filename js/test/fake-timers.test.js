import assert from 'node:assert/strict';
import test from 'node:test';

import { opened } from './helpers.js';

test('a test runner that fakes Date and setTimeout turns the engine too', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 });
  const redis = await opened(t);
  assert.equal(await redis.clock.get(), 1_000_000);
  await redis.call('SET', 'session', 'x', 'EX', 60);
  const popped = redis.call('BLPOP', 'queue', 30);
  const other = redis.client();
  assert.equal(await other.call('TTL', 'session'), 60);
  t.mock.timers.tick(30_000);
  assert.equal(await popped, null);
  assert.equal(await redis.call('TTL', 'session'), 30);
  t.mock.timers.tick(30_000);
  assert.equal(await redis.call('GET', 'session'), null);
});
