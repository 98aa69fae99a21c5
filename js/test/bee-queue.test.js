// bee-queue, as it comes from its registry.

import assert from 'node:assert/strict';
import test from 'node:test';

import Queue from 'bee-queue';

import { happens } from './helpers.js';
import { killWorkerAtWork, SERVERS } from './servers.js';

/** @typedef {import('./servers.js').Served} Served */
/** @typedef {(name: string, settings?: Queue.QueueSettings) => Queue} Make */

/** @type {[string, (make: Make, server: Served) => Promise<void>][]} */
const TESTS = [
  ['jobs and progress', jobs],
  ['delayed', delayed],
  ['failed and retried', retried],
  ['events', events],
  ['removed and destroyed', removed],
  ['a worker that dies', taken],
];

for (const [name, serve] of SERVERS) {
  test(`bee-queue on ${name}`, async (t) => {
    const server = await serve(t);
    for (const [what, play] of TESTS) {
      await t.test(what, async (s) => {
        const redis = { host: '127.0.0.1', port: server.port };
        await play((queue, settings) => {
          const made = new Queue(queue, { ...settings, redis });
          s.after(() => made.close());
          return made;
        }, server);
      });
    }
  });
}

/** @param {Make} make */
async function jobs(make) {
  const queue = make('jobs');
  const added = [1, 2, 3].map((n) => queue.createJob({ n }));
  const done = added.map((job) => happens(job, 'succeeded'));
  const progress = happens(/** @type {Queue.Job<unknown>} */ (added[0]), 'progress');
  assert.equal((await queue.saveAll(added)).size, 0);
  assert.equal((await queue.checkHealth()).waiting, 3);
  queue.process(async (job) => {
    job.reportProgress({ at: job.data.n });
    return job.data.n * 2;
  });
  assert.deepEqual(await Promise.all(done), [[2], [4], [6]]);
  assert.deepEqual(await progress, [{ at: 1 }]);
  const { waiting, active, succeeded } = await queue.checkHealth();
  assert.deepEqual({ waiting, active, succeeded }, { waiting: 0, active: 0, succeeded: 3 });
  const found = await queue.getJobs('succeeded', { size: 100 });
  assert.deepEqual(found.map((job) => job.data.n).sort(), [1, 2, 3]);
}

/** @param {Make} make */
async function delayed(make) {
  const queue = make('delayed', { activateDelayedJobs: true, delayedDebounce: 1 });
  queue.process(async (job) => job.data);
  await queue
    .createJob('far')
    .delayUntil(Date.now() + 3_600_000)
    .save();
  const soon = queue.createJob('soon').delayUntil(Date.now() + 100);
  const done = happens(soon, 'succeeded');
  await soon.save();
  assert.deepEqual(await done, ['soon']);
  assert.equal((await queue.checkHealth()).delayed, 1);
}

/** @param {Make} make */
async function retried(make) {
  const queue = make('retried', { activateDelayedJobs: true, delayedDebounce: 1 });
  queue.process(async (job) => {
    if (job.data.fails-- > 0) throw new Error('not yet');
    return 'at last';
  });
  const failing = queue.createJob({ fails: 1 });
  const failed = happens(failing, 'failed');
  await failing.save();
  assert.match(String(await failed), /not yet/);
  assert.equal((await queue.checkHealth()).failed, 1);
  const late = queue.createJob({ fails: 9 }).retries(2).backoff('exponential', 10);
  let retries = 0;
  late.on('retrying', () => retries++);
  const given = happens(late, 'failed');
  await late.save();
  await given;
  assert.equal(retries, 2);
  assert.equal((await queue.checkHealth()).failed, 2);
}

/** @param {Make} make */
async function events(make) {
  const queue = make('events', { isWorker: false });
  await queue.ready();
  const progress = happens(queue, 'job progress');
  const failed = happens(queue, 'job failed');
  const succeeded = happens(queue, 'job succeeded');
  make('events').process(async (job) => {
    if (job.data === 'bad') throw new Error('bad job');
    job.reportProgress(10);
    return 'fine';
  });
  await queue.createJob('good').setId('mine').save();
  await queue.createJob('bad').setId('other').save();
  assert.deepEqual(await progress, ['mine', 10]);
  assert.deepEqual(await succeeded, ['mine', 'fine']);
  const [id, error] = await failed;
  assert.equal(`${id}: ${error.message}`, 'other: bad job');
}

/** @param {Make} make */
async function removed(make) {
  const queue = make('removed', { isWorker: false });
  const job = await queue.createJob(1).save();
  await queue.createJob(2).save();
  await queue.removeJob(job.id);
  assert.equal(await queue.getJob(job.id), null);
  assert.equal((await queue.checkHealth()).waiting, 1);
  await queue.destroy();
  assert.equal((await queue.checkHealth()).waiting, 0);
}

/**
 * @param {Make} make
 * @param {Served} server
 */
async function taken(make, server) {
  const queue = make('dying', { stallInterval: 100 });
  const job = queue.createJob(7);
  const done = happens(job, 'succeeded');
  await job.save();
  await killWorkerAtWork('bee-queue', server.port);
  assert.equal((await queue.checkHealth()).active, 1);
  await server.advance(1000);
  const stalled = happens(queue, 'stalled');
  queue.process(async ({ data }) => data);
  await queue.checkStalledJobs(100);
  assert.deepEqual(await stalled, [job.id]);
  assert.deepEqual(await done, [7]);
  assert.equal((await queue.checkHealth()).active, 0);
}
