// What a test runner does to Date and timers reaches the engine only when it is asked to follow.

import assert from 'node:assert/strict';
import { setTimeout as later } from 'node:timers/promises';
import test, { mock } from 'node:test';

import FakeTimers from '@sinonjs/fake-timers';
import { Redis } from 'ioredis';

import { opened, root, run } from './helpers.js';

const DAY = 86_400_000;
/** What stands still without them: node:test, and every socket of Node. */
const NEEDED = ['nextTick', 'queueMicrotask'];
const MOST = /** @type {any[]} */ (
  Object.keys(FakeTimers.timers).filter((name) => !NEEDED.includes(name))
);

/** @typedef {{ advance: (ms: number) => void, off: () => void }} Fake */

/** @type {[string, () => Fake][]} the runners' fakes, each with all that it can fake */
const FAKES = [
  [
    'sinon, Jest and Vitest',
    () => {
      const clock = FakeTimers.install({ now: Date.now(), toFake: MOST });
      return { advance: (ms) => void clock.tick(ms), off: () => clock.uninstall() };
    },
  ],
  [
    'node:test',
    () => {
      const apis = /** @type {const} */ (['Date', 'setTimeout', 'setImmediate', 'setInterval']);
      mock.timers.enable({ apis: [...apis], now: Date.now() });
      return { advance: (ms) => mock.timers.tick(ms), off: () => mock.timers.reset() };
    },
  ],
];

for (const [name, install] of FAKES) {
  /**
   * @param {import('node:test').TestContext} t
   */
  const faked = (t) => {
    const fake = install();
    t.after(() => fake.off());
    return fake;
  };

  test(`${name}: an engine that opens under fakes runs by the machine's clock`, async (t) => {
    const { advance, off } = faked(t);
    const redis = await opened(t);
    const popped = redis.client().call('BLPOP', 'queue', 0.02);
    advance(DAY);
    assert.equal(await popped, null);
    await redis.call('SET', 'k', 'v', 'EX', 100);
    advance(DAY);
    assert.equal(await redis.call('GET', 'k'), 'v');
    const again = redis.client().call('BLPOP', 'queue', 0.02);
    off();
    assert.equal(await again, null);
  });

  test(`${name}: fakes that come and go while it runs change nothing`, async (t) => {
    const redis = await opened(t);
    await redis.call('SET', 'k', 'v', 'EX', 100);
    const before = redis.client().call('BLPOP', 'queue', 0.02);
    const { advance, off } = faked(t);
    assert.equal(await before, null);
    const during = redis.client().call('BLPOP', 'queue', 0.02);
    advance(DAY);
    off();
    assert.equal(await during, null);
    assert.equal(await redis.client().call('BLPOP', 'queue', 0.02), null);
    assert.equal(await redis.call('EXISTS', 'k'), 1);
  });

  test(`${name}: clock 'date' follows, forward`, async (t) => {
    const redis = await opened(t, { clock: 'date' });
    await redis.call('SET', 'soon', 'x', 'EX', 1);
    const { advance } = faked(t);
    await redis.call('SET', 'session', 'x', 'EX', 60);
    const popped = redis.client().call('BLPOP', 'queue', 30);
    assert.equal(await redis.call('TTL', 'session'), 60);
    advance(30_000);
    assert.equal(await popped, null);
    assert.equal(await redis.call('TTL', 'session'), 30);
    advance(30_000);
    assert.equal(await redis.call('EXISTS', 'session', 'soon'), 0);
  });

  test(`${name}: clock 'date' follows back, and waits no longer than it was to`, async (t) => {
    const redis = await opened(t, { clock: 'date' });
    const { advance, off } = faked(t);
    advance(DAY);
    const popped = redis.client().call('BLPOP', 'queue', 0.05);
    await redis.call('SET', 'tomorrow', 'x', 'EX', 100);
    off();
    assert.equal(await popped, null);
    assert.ok((await redis.clock.get()) - Date.now() < 1000);
    const other = redis.client().call('BLPOP', 'queue', 0.05);
    await redis.call('SET', 'k', 'v', 'PX', 20);
    assert.equal(await other, null);
    assert.equal(await redis.call('GET', 'k'), null);
    assert.ok(Number(await redis.call('TTL', 'tomorrow')) > 80_000);
  });
}

test("clock 'date' sees a Date that moves while no timer does", async (t) => {
  const redis = await opened(t, { clock: 'date' });
  const clock = FakeTimers.install({ now: 0, toFake: ['Date'] });
  t.after(() => clock.uninstall());
  const popped = redis.client().call('BLPOP', 'queue', 3600);
  await later(1);
  clock.setSystemTime(3_600_000);
  assert.equal(await popped, null);
});

test('a clock that is handed in may go back', async (t) => {
  let now = DAY;
  const redis = await opened(t, { now: () => now });
  const popped = redis.client().call('BLPOP', 'queue', 5);
  await redis.call('SET', 'k', 'v', 'PX', 300);
  now = 0;
  await redis.clock.turn();
  assert.equal(await redis.clock.get(), 0);
  assert.equal(await redis.call('PTTL', 'k'), DAY + 300);
  await redis.call('SET', 'k', 'v', 'PX', 300);
  now = 600;
  assert.equal(await redis.call('GET', 'k'), null);
  now = 5000;
  await redis.clock.turn();
  assert.equal(await popped, null);
});

test('ioredis answers over a socket while what it needs itself is real', async (t) => {
  const redis = await opened(t);
  const { port } = await redis.listen();
  const clock = FakeTimers.install({ toFake: ['Date', 'setTimeout', 'setImmediate'] });
  t.after(() => clock.uninstall());
  const client = new Redis(Number(port));
  t.after(() => client.disconnect());
  assert.equal(await client.set('k', 'v'), 'OK');
  assert.equal(await client.get('k'), 'v');
});

/**
 * Runs a program in a process of its own.
 *
 * @param {string} program
 */
async function output(program) {
  const args = ['--input-type=module', '--eval', program];
  return (await run(process.execPath, args, { cwd: root, timeout: 30_000 })).output;
}

test('all may be faked, process.nextTick too', async () => {
  const program = `
    import { writeSync } from 'node:fs';
    import FakeTimers from '@sinonjs/fake-timers';
    import { open } from './src/node.js';
    const clock = FakeTimers.install({ toFake: Object.keys(FakeTimers.timers) });
    const redis = await open();
    const news = await redis.subscribe('news', (text) => writeSync(1, text));
    await redis.call('PUBLISH', 'news', 'hello ');
    writeSync(1, String(await redis.client().call('BLPOP', 'queue', 0.02)));
    await redis.close();
    clock.uninstall();
  `;
  assert.equal(await output(program), 'hello null');
});

test('what was faked before the package loads is found behind its fake', async () => {
  const program = `
    import FakeTimers from '@sinonjs/fake-timers';
    FakeTimers.install({ now: 0 });
    const { open } = await import('./src/node.js');
    const redis = await open();
    const popped = await redis.client().call('BLPOP', 'queue', 0.02);
    console.log(popped, (await redis.clock.get()) > 1e12);
    await redis.close();
  `;
  assert.equal(await output(program), 'null true\n');
});

test('where it cannot be found the package says so', async () => {
  const program = `
    import { mock } from 'node:test';
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const { open } = await import('./src/node.js');
    await open().catch((error) => console.log(error.message));
  `;
  assert.match(await output(program), /^redlet: setTimeout had been replaced before redlet/m);
});
