// BullMQ, as it comes from its registry.

import assert from 'node:assert/strict';
import test from 'node:test';

import { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker } from 'bullmq';

import { happens, waitUntil } from './helpers.js';
import { killWorkerAtWork, SERVERS } from './servers.js';

/** @typedef {import('node:test').TestContext} TestContext */
/** @typedef {import('./servers.js').Served} Served */
/** @typedef {import('bullmq').Job} Job */

for (const [name, serve] of SERVERS) {
  test(`BullMQ on ${name}`, async (t) => {
    const server = await serve(t);
    await t.test('jobs, priorities, progress', (s) => jobs(new Bench(s, server)));
    await t.test('delayed', (s) => delayed(new Bench(s, server)));
    await t.test('repeated', (s) => repeated(new Bench(s, server)));
    await t.test('failed and retried', (s) => retried(new Bench(s, server)));
    await t.test('flows', (s) => flows(new Bench(s, server)));
    await t.test('rate-limited', (s) => limited(new Bench(s, server)));
    await t.test('paused, drained, obliterated', (s) => paused(new Bench(s, server)));
    await t.test('events', (s) => events(new Bench(s, server)));
    await t.test('deduplicated', (s) => deduplicated(new Bench(s, server)));
    await t.test('a worker that dies', (s) => taken(new Bench(s, server), server));
  });
}

/** Makes BullMQ's objects, and closes them with their test. */
class Bench {
  /** @type {{ close: () => Promise<unknown> }[]} */
  #open = [];

  /**
   * @param {TestContext} t
   * @param {Served} server
   */
  constructor(t, { port }) {
    this.connection = { host: '127.0.0.1', port };
    t.after(async () => {
      for (const one of this.#open.reverse()) await one.close();
    });
  }

  /** @param {string} name */
  queue(name) {
    return this.#keep(new Queue(name, { connection: this.connection }));
  }

  flow() {
    return this.#keep(new FlowProducer({ connection: this.connection }));
  }

  /**
   * Reads from the beginning, so that it does not matter when it is connected.
   *
   * @param {string} name
   */
  async events(name) {
    const options = { connection: this.connection, lastEventId: '0' };
    const made = this.#keep(new QueueEvents(name, options));
    await made.waitUntilReady();
    return made;
  }

  /**
   * @param {string} name
   * @param {(job: Job) => Promise<unknown>} work
   * @param {Partial<import('bullmq').WorkerOptions>} [options]
   */
  worker(name, work, options) {
    return this.#keep(new Worker(name, work, { ...options, connection: this.connection }));
  }

  /**
   * @template {{ close: () => Promise<unknown> }} T
   * @param {T} one
   * @returns {T}
   */
  #keep(one) {
    this.#open.push(one);
    return one;
  }
}

/** @param {Bench} bench */
async function jobs(bench) {
  const queue = bench.queue('jobs');
  const added = await queue.addBulk([
    { name: 'last', data: { n: 1 }, opts: { priority: 10 } },
    { name: 'third', data: { n: 2 }, opts: { priority: 2 } },
    { name: 'second', data: { n: 3 } },
    { name: 'first', data: { n: 4 }, opts: { lifo: true } },
  ]);
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'completed');
  assert.deepEqual(counts, { waiting: 2, prioritized: 2, active: 0, completed: 0 });
  /** @type {string[]} */
  const names = [];
  const results = await bench.events('jobs');
  bench.worker('jobs', async (job) => {
    names.push(job.name);
    await job.updateProgress(50);
    await job.log(`n is ${job.data.n}`);
    return job.data.n * 2;
  });
  const returned = await Promise.all(added.map((job) => job.waitUntilFinished(results)));
  assert.deepEqual(returned, [2, 4, 6, 8]);
  assert.deepEqual(names, ['first', 'second', 'third', 'last']);
  const done = await queue.getJob(String(added[3]?.id));
  assert.equal(done?.progress, 50);
  assert.equal(await done?.getState(), 'completed');
  assert.deepEqual(await queue.getJobLogs(String(done?.id)), { logs: ['n is 4'], count: 1 });
  assert.equal((await queue.getCompleted()).length, 4);
  assert.equal((await queue.clean(0, 3, 'completed')).length, 3);
  assert.equal(await queue.getCompletedCount(), 1);
}

/** @param {Bench} bench */
async function delayed(bench) {
  const queue = bench.queue('delayed');
  const results = await bench.events('delayed');
  const far = await queue.add('far', 'far', { delay: 3_600_000 });
  const soon = await queue.add('soon', 'soon', { delay: 100 });
  assert.equal(await soon.getState(), 'delayed');
  assert.equal(await queue.getDelayedCount(), 2);
  bench.worker('delayed', async (job) => job.data);
  assert.equal(await soon.waitUntilFinished(results), 'soon');
  assert.equal(await far.getState(), 'delayed');
  await far.changeDelay(7_200_000);
  await far.promote();
  assert.equal(await far.waitUntilFinished(results), 'far');
}

/** @param {Bench} bench */
async function repeated(bench) {
  const queue = bench.queue('repeated');
  const worker = bench.worker('repeated', async (job) => job.data);
  let times = 0;
  const thrice = happens(worker, 'completed', () => ++times === 3);
  await queue.upsertJobScheduler('tick', { every: 50, limit: 3 }, { name: 'tick', data: 'tock' });
  await thrice;
  await queue.upsertJobScheduler('yearly', { pattern: '0 0 1 1 *' }, { name: 'new year' });
  const schedulers = await queue.getJobSchedulers();
  assert.ok(schedulers.some(({ key, pattern }) => key === 'yearly' && pattern === '0 0 1 1 *'));
  assert.equal(await queue.getDelayedCount(), 1);
  assert.equal(await queue.removeJobScheduler('yearly'), true);
  assert.equal(await queue.getDelayedCount(), 0);
  assert.equal(times, 3);
}

/** @param {Bench} bench */
async function retried(bench) {
  const queue = bench.queue('retried');
  const results = await bench.events('retried');
  let broken = true;
  const worker = bench.worker('retried', async (job) => {
    if (job.name === 'hopeless') throw new UnrecoverableError('hopeless');
    if (job.name === 'broken' ? broken : job.attemptsMade < 2) throw new Error('not yet');
    return job.attemptsMade;
  });
  const backoff = { type: 'exponential', delay: 10 };
  const third = await queue.add('third', null, { attempts: 3, backoff });
  assert.equal(await third.waitUntilFinished(results), 2);
  const hopeless = await queue.add('hopeless', null, { attempts: 5 });
  await assert.rejects(hopeless.waitUntilFinished(results), /hopeless/);
  const failing = await queue.add('broken', null, { attempts: 2 });
  await assert.rejects(failing.waitUntilFinished(results), /not yet/);
  assert.equal(await failing.getState(), 'failed');
  assert.equal(await queue.getFailedCount(), 2);
  broken = false;
  const mended = happens(worker, 'completed', (job) => job.id === failing.id);
  await failing.retry();
  await mended;
  assert.equal(await failing.getState(), 'completed');
}

/** @param {Bench} bench */
async function flows(bench) {
  const results = await bench.events('parents');
  const { job, children } = await bench.flow().add({
    name: 'sum',
    queueName: 'parents',
    children: [1, 2, 3].map((n) => ({ name: 'part', queueName: 'children', data: n })),
  });
  assert.equal(await job.getState(), 'waiting-children');
  assert.equal(children?.length, 3);
  bench.worker('parents', async (parent) => {
    const values = Object.values(await parent.getChildrenValues());
    return values.reduce((sum, n) => sum + n, 0);
  });
  bench.worker('children', async (child) => {
    if (child.data < 0) throw new Error('a bad part');
    return child.data * 10;
  });
  assert.equal(await job.waitUntilFinished(results), 60);
  assert.equal((await job.getDependencies()).unprocessed?.length ?? 0, 0);
  const failing = await bench.flow().add({
    name: 'sum',
    queueName: 'parents',
    children: [
      { name: 'part', queueName: 'children', data: -1, opts: { failParentOnFailure: true } },
    ],
  });
  await assert.rejects(failing.job.waitUntilFinished(results), /child .* failed/);
}

/** @param {Bench} bench */
async function limited(bench) {
  const queue = bench.queue('limited');
  await queue.addBulk([1, 2, 3].map((data) => ({ name: 'one', data })));
  let times = 0;
  const limiter = { max: 2, duration: 1000 };
  const worker = bench.worker('limited', async () => ++times, { limiter, autorun: false });
  const second = happens(worker, 'completed', (job) => job.data === 2);
  const third = happens(worker, 'completed', (job) => job.data === 3);
  void worker.run();
  await second;
  assert.ok((await queue.getRateLimitTtl(2)) > 0);
  assert.equal(await queue.getWaitingCount(), 1);
  await third;
  assert.equal(times, 3);
}

/** @param {Bench} bench */
async function paused(bench) {
  const queue = bench.queue('paused');
  const heard = await bench.events('paused');
  const worker = bench.worker('paused', async (job) => job.data);
  await worker.waitUntilReady();
  const stopped = happens(heard, 'paused');
  await queue.pause();
  await stopped;
  assert.equal(await queue.isPaused(), true);
  const job = await queue.add('waits', 'done');
  assert.equal(await queue.getWaitingCount(), 1);
  const started = happens(heard, 'resumed');
  await queue.resume();
  await started;
  assert.equal(await job.waitUntilFinished(heard), 'done');
  await worker.pause();
  await queue.add('waits', 1);
  await queue.add('waits', 2, { delay: 1_000_000 });
  await queue.drain(true);
  assert.equal(await queue.count(), 0);
  await queue.add('waits', 3);
  await queue.pause();
  await queue.obliterate();
  assert.deepEqual(await queue.getJobs(), []);
}

/** @param {Bench} bench */
async function events(bench) {
  const queue = bench.queue('events');
  const heard = await bench.events('events');
  /** @type {string[]} */
  const seen = [];
  for (const name of /** @type {const} */ (['added', 'waiting', 'active', 'progress'])) {
    heard.on(name, (/** @type {{ jobId: string }} */ { jobId }) => seen.push(`${name} ${jobId}`));
  }
  const completed = happens(heard, 'completed');
  const drained = happens(heard, 'drained');
  bench.worker('events', async (job) => {
    await job.updateProgress({ percent: 10 });
    return 'fine';
  });
  await queue.add('one', {}, { jobId: 'mine' });
  const [{ jobId, returnvalue, prev }] = await completed;
  assert.deepEqual(
    { jobId, returnvalue, prev },
    { jobId: 'mine', returnvalue: 'fine', prev: 'active' },
  );
  await drained;
  assert.deepEqual(seen, ['added mine', 'waiting mine', 'active mine', 'progress mine']);
  await queue.trimEvents(0);
}

/** @param {Bench} bench */
async function deduplicated(bench) {
  const queue = bench.queue('deduplicated');
  const options = { deduplication: { id: 'same', ttl: 60_000 } };
  const first = await queue.add('one', 1, options);
  const second = await queue.add('one', 2, options);
  assert.equal(second.id, first.id);
  assert.equal(await queue.getWaitingCount(), 1);
  assert.equal(await queue.removeDeduplicationKey('same'), 1);
  assert.notEqual((await queue.add('one', 3, options)).id, first.id);
}

/**
 * @param {Bench} bench
 * @param {Served} server
 */
async function taken(bench, server) {
  const queue = bench.queue('dying');
  const job = await queue.add('once more', 7);
  await killWorkerAtWork('bullmq', server.port);
  assert.equal(await queue.getActiveCount(), 1);
  await server.advance(1000);
  const heard = await bench.events('dying');
  const stalled = happens(heard, 'stalled', ({ jobId }) => jobId === job.id);
  bench.worker('dying', async ({ data }) => data, { stalledInterval: 100 });
  await stalled;
  assert.equal(await job.waitUntilFinished(heard), 7);
  await waitUntil('an empty queue', async () => (await queue.getActiveCount()) === 0);
}
