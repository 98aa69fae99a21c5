// Job queues over ioredis, and no socket: the process opens no port.

import assert from 'node:assert/strict';
import test from 'node:test';

import Bull from 'bull';
import { Queue, Worker } from 'bullmq';
import { AbstractConnector, Redis } from 'ioredis';

import { happens, opened } from './helpers.js';

/** @param {import('../src/node.js').NodeRedlet} redis */
function connector(redis) {
  class Connector extends AbstractConnector {
    async connect() {
      /** @type {any} */
      const stream = redis.duplex();
      this.stream = stream;
      return stream;
    }
  }
  return /** @type {any} */ (Connector);
}

test('BullMQ works a job without a socket', async (t) => {
  const redis = await opened(t);
  const options = { Connector: connector(redis), maxRetriesPerRequest: null };
  const connections = [new Redis(options), new Redis(options)];
  const [connection, blocking] = /** @type {any[]} */ (connections);
  const queue = new Queue('q', { connection });
  const worker = new Worker('q', async (job) => job.data.n * 2, { connection: blocking });
  const completed = happens(worker, 'completed');
  await queue.add('double', { n: 21 });
  const [job] = await completed;
  assert.equal(job.returnvalue, 42);
  await worker.close();
  await queue.close();
  for (const each of connections) await each.quit();
});

test('Bull works a job without a socket', async (t) => {
  const redis = await opened(t);
  const Connector = connector(redis);
  const createClient = () =>
    new Redis({ Connector, maxRetriesPerRequest: null, enableReadyCheck: false });
  const queue = new Bull('q', { createClient: /** @type {any} */ (createClient) });
  const completed = happens(queue, 'completed');
  void queue.process(async (job) => job.data.n * 2);
  await queue.add({ n: 21 });
  const [, result] = await completed;
  assert.equal(result, 42);
  await queue.close();
});
