// Bull, as it comes from its registry.

import assert from 'node:assert/strict';
import test from 'node:test';

import Queue from 'bull';

import { happens, waitUntil } from './helpers.js';
import { killWorkerAtWork, SERVERS } from './servers.js';

/** @typedef {import('./servers.js').Served} Served */
/** @typedef {import('bull').Queue} Bull */
/** @typedef {(name: string, options?: import('bull').QueueOptions) => Bull} Make */

/** @type {[string, (make: Make, server: Served) => Promise<void>][]} */
const TESTS = [
  ['jobs, priorities, progress', jobs],
  ['delayed', delayed],
  ['repeated', repeated],
  ['failed and retried', retried],
  ['rate-limited', limited],
  ['paused and emptied', paused],
  ['events', events],
  ['a worker that dies', taken],
];

for (const [name, serve] of SERVERS) {
  test(`Bull on ${name}`, async (t) => {
    const server = await serve(t);
    for (const [what, play] of TESTS) {
      await t.test(what, async (s) => {
        const redis = { host: '127.0.0.1', port: server.port };
        await play((queue, options) => {
          const made = new Queue(queue, { ...options, redis });
          s.after(() => made.close());
          return made;
        }, server);
      });
    }
  });
}

/**
 * Makes a queue hear of what others do, from now on.
 *
 * @param {Bull} queue
 * @param {string[]} names
 */
async function hear(queue, ...names) {
  const registered = names.map((name) => happens(queue, `registered:global:${name}`));
  for (const name of names) queue.on(`global:${name}`, () => {});
  await Promise.all(registered);
}

/**
 * Waits for the end of a job that may have ended already. What Bull has for this, job.finished(),
 * asks first and listens then, and looks again after 5 s.
 *
 * @param {import('bull').Job} job
 */
async function outcome(job) {
  let state = '';
  await waitUntil(`the end of job ${job.id}`, async () => {
    state = await job.getState();
    return state === 'completed' || state === 'failed';
  });
  const ended = await job.queue.getJob(job.id);
  if (state === 'failed') throw new Error(ended?.failedReason);
  return ended?.returnvalue;
}

/** @param {Make} make */
async function jobs(make) {
  const queue = make('jobs');
  const added = [
    await queue.add({ n: 1 }, { priority: 10 }),
    await queue.add({ n: 2 }, { priority: 2 }),
    await queue.add({ n: 3 }),
    await queue.add({ n: 4 }, { lifo: true }),
  ];
  assert.equal((await queue.getJobCounts()).waiting, 4);
  await hear(queue, 'completed', 'failed');
  const returned = Promise.all(added.map((job) => job.finished()));
  /** @type {number[]} */
  const order = [];
  void queue.process(async (job) => {
    order.push(job.data.n);
    await job.progress(50);
    await job.log(`n is ${job.data.n}`);
    return job.data.n * 2;
  });
  assert.deepEqual(await returned, [2, 4, 6, 8]);
  assert.deepEqual([...order].sort(), [1, 2, 3, 4]);
  assert.ok(order.indexOf(2) < order.indexOf(1), String(order));
  const id = Number(added[3]?.id);
  const done = await queue.getJob(id);
  assert.equal(done?.progress(), 50);
  assert.equal(await done?.getState(), 'completed');
  assert.deepEqual(await queue.getJobLogs(String(id)), { logs: ['n is 4'], count: 1 });
  assert.equal((await queue.clean(0, 'completed', 3)).length, 3);
  assert.equal(await queue.getCompletedCount(), 1);
}

/** @param {Make} make */
async function delayed(make) {
  const queue = make('delayed');
  void queue.process(async (job) => job.data.say);
  const far = await queue.add({ say: 'far' }, { delay: 3_600_000 });
  const soon = await queue.add({ say: 'soon' }, { delay: 100 });
  assert.equal(await far.getState(), 'delayed');
  assert.equal(await outcome(soon), 'soon');
  assert.equal(await queue.getDelayedCount(), 1);
  await far.promote();
  assert.equal(await outcome(far), 'far');
}

/** @param {Make} make */
async function repeated(make) {
  const queue = make('repeated');
  let times = 0;
  const thrice = happens(queue, 'completed', () => ++times === 3);
  void queue.process(async (job) => job.data.say);
  await queue.add({ say: 'tick' }, { repeat: { every: 50, limit: 3 } });
  await thrice;
  await queue.add({ say: 'new year' }, { repeat: { cron: '0 0 1 1 *' }, jobId: 'yearly' });
  const [repeatable] = await queue.getRepeatableJobs();
  assert.equal(repeatable?.cron, '0 0 1 1 *');
  assert.equal(await queue.getDelayedCount(), 1);
  await queue.removeRepeatableByKey(String(repeatable?.key));
  assert.equal(await queue.getDelayedCount(), 0);
  assert.equal(times, 3);
}

/** @param {Make} make */
async function retried(make) {
  const queue = make('retried');
  let broken = true;
  void queue.process(async (job) => {
    if (job.data.say === 'broken' ? broken : job.attemptsMade < 2) throw new Error('not yet');
    return job.attemptsMade;
  });
  const third = await queue.add(
    { say: 'third' },
    {
      attempts: 3,
      backoff: { type: 'exponential', delay: 10 },
    },
  );
  assert.equal(await outcome(third), 2);
  const failing = await queue.add({ say: 'broken' }, { attempts: 2 });
  await assert.rejects(outcome(failing), /not yet/);
  assert.equal(await failing.isFailed(), true);
  assert.equal(await queue.getFailedCount(), 1);
  broken = false;
  const mended = happens(queue, 'completed', (job) => job.id === failing.id);
  await failing.retry();
  await mended;
  assert.equal(await failing.getState(), 'completed');
}

/** @param {Make} make */
async function limited(make) {
  const queue = make('limited', { limiter: { max: 2, duration: 1000 } });
  await queue.addBulk([1, 2, 3].map((say) => ({ data: { say } })));
  let times = 0;
  const second = happens(queue, 'completed', (job) => job.data.say === 2);
  const third = happens(queue, 'completed', (job) => job.data.say === 3);
  void queue.process(async () => ++times);
  await second;
  assert.equal(times, 2);
  await third;
  assert.equal(times, 3);
}

/** @param {Make} make */
async function paused(make) {
  const queue = make('paused');
  void queue.process(async (job) => job.data.say);
  await hear(queue, 'paused', 'resumed');
  const stopped = happens(queue, 'global:paused');
  await queue.pause();
  await stopped;
  assert.equal(await queue.isPaused(), true);
  const job = await queue.add({ say: 'done' });
  assert.equal(await queue.getPausedCount(), 1);
  const started = happens(queue, 'global:resumed');
  await queue.resume();
  await started;
  assert.equal(await outcome(job), 'done');
  await queue.pause();
  await queue.add({ say: 1 });
  await queue.add({ say: 2 }, { delay: 1_000_000 });
  await queue.empty();
  assert.equal(await queue.count(), 0);
  await queue.add({ say: 3 });
  await queue.obliterate({ force: true });
  assert.equal(await queue.count(), 0);
}

/** @param {Make} make */
async function events(make) {
  const queue = make('events');
  /** @type {string[]} */
  const seen = [];
  await hear(queue, 'waiting', 'active', 'progress', 'completed', 'drained');
  for (const name of ['waiting', 'active', 'progress', 'completed']) {
    queue.on(`global:${name}`, (id, value) => seen.push(`${name} ${id} ${value}`));
  }
  const drained = happens(queue, 'global:drained');
  const completed = happens(queue, 'global:completed');
  const waiting = happens(queue, 'global:waiting');
  await queue.add({}, { jobId: 'mine' });
  await waiting;
  void queue.process(async (job) => {
    await job.progress(10);
    return 'fine';
  });
  await completed;
  await drained;
  assert.deepEqual(seen, [
    'waiting mine null',
    'active mine waiting',
    'progress mine 10',
    'completed mine "fine"',
  ]);
}

/**
 * @param {Make} make
 * @param {Served} server
 */
async function taken(make, server) {
  const queue = make('dying', { settings: { stalledInterval: 100 } });
  const job = await queue.add({ say: 7 });
  await killWorkerAtWork('bull', server.port);
  assert.equal(await queue.getActiveCount(), 1);
  await server.advance(1000);
  await hear(queue, 'stalled');
  const stalled = happens(queue, 'global:stalled', (id) => id === job.id);
  void queue.process(async ({ data }) => data.say);
  await stalled;
  assert.equal(await outcome(job), 7);
  assert.equal(await queue.getActiveCount(), 0);
}
