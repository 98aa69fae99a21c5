import assert from 'node:assert/strict';
import test from 'node:test';

import { opened } from './helpers.js';

test('an advanced clock expires keys', async (t) => {
  const redis = await opened(t, { clock: new Date('2030-01-01T00:00:00Z') });
  assert.equal(await redis.clock.get(), Date.UTC(2030, 0, 1));
  await redis.call('SET', 'k', 'v', 'EX', 100);
  await redis.clock.advance(99_999);
  assert.equal(await redis.call('PTTL', 'k'), 1);
  await redis.clock.advance(1);
  assert.equal(await redis.call('GET', 'k'), null);
});

test('a clock can be set, frozen and left to run', async (t) => {
  let now = 1_000_000;
  const redis = await opened(t, { now: () => now });
  assert.equal(await redis.clock.get(), 1_000_000);
  await redis.clock.freeze();
  now += 500;
  assert.equal(await redis.clock.get(), 1_000_000);
  await redis.clock.run();
  now += 500;
  assert.equal(await redis.clock.get(), 1_000_500);
  await redis.clock.set(2_000_000);
  now += 1;
  assert.equal(await redis.clock.get(), 2_000_001);
});

test('what is no time is refused by name, and leaves the clock as it is', async (t) => {
  const { clock } = await opened(t, { clock: 1000 });
  const wrong = /** @type {any} */ ('tomorrow');
  await assert.rejects(
    clock.set(wrong),
    /what clock.set\(\) takes must be a valid Date or a number/,
  );
  await assert.rejects(clock.freeze(NaN), /clock.freeze\(\)/);
  await assert.rejects(clock.advance(-1), /clock.advance\(\) takes must be a number, 0 or more/);
  await clock.set(new Date(2000));
  assert.equal(await clock.get(), 2000);
});

test('a blocking command times out by the clock, whatever waits before it', async (t) => {
  const redis = await opened(t, { clock: 1000 });
  const popped = redis.client().call('BLPOP', 'queue', 5);
  await redis.clock.advance(5000);
  assert.equal(await popped, null);
});

test('without a turned clock time passes by itself', async (t) => {
  const redis = await opened(t);
  assert.equal(await redis.client().call('BLPOP', 'queue', 0.05), null);
  await redis.call('SET', 'k', 'v', 'PX', 20);
  const events = redis.client();
  await redis.call('CONFIG', 'SET', 'notify-keyspace-events', 'Ex');
  const expired = new Promise((resolve) => {
    void redis.subscribe('__keyevent@0__:expired', resolve);
  });
  await events.call('SET', 'soon', 'v', 'PX', 20);
  assert.match(String(await expired), /^(k|soon)$/);
});
