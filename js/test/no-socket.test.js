// Clients and job queues, and no socket: the process opens no port.

import assert from 'node:assert/strict';
import test from 'node:test';

import Bull from 'bull';
import { Queue, Worker } from 'bullmq';
import { AbstractConnector, Redis } from 'ioredis';

import { happens, opened } from './helpers.js';

/** A test's sockets and servers, of which there must be none; the runner has pipes. */
const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));

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

/** @type {[string, (redis: import('../src/node.js').NodeRedlet) => object][]} */
const WAYS = [
  ["ioredis' Connector", (redis) => ({ Connector: connector(redis) })],
  [
    'intercept()',
    (redis) => {
      const { hostname, port } = new URL(redis.intercept().url);
      return { host: hostname, port: Number(port) };
    },
  ],
];

for (const [name, way] of WAYS) {
  test(`BullMQ works a job without a socket, by ${name}`, async (t) => {
    const redis = await opened(t);
    const options = { ...way(redis), maxRetriesPerRequest: null };
    await bullmq([new Redis(options), new Redis(options)]);
  });

  test(`Bull works a job without a socket, by ${name}`, async (t) => {
    const redis = await opened(t);
    const options = { ...way(redis), maxRetriesPerRequest: null, enableReadyCheck: false };
    await bull(() => new Redis(options));
  });
}

/** @param {Redis[]} connections */
async function bullmq(connections) {
  const [connection, blocking] = /** @type {any[]} */ (connections);
  const queue = new Queue('q', { connection });
  const worker = new Worker('q', async (job) => job.data.n * 2, { connection: blocking });
  const completed = happens(worker, 'completed');
  await queue.add('double', { n: 21 });
  const [job] = await completed;
  assert.equal(job.returnvalue, 42);
  await worker.close();
  await queue.close();
  assert.deepEqual(sockets(), []);
  for (const each of connections) await each.quit();
}

/** @param {() => Redis} createClient */
async function bull(createClient) {
  /** @type {Redis[]} */
  const clients = [];
  const create = () => {
    const client = createClient();
    clients.push(client);
    return client;
  };
  const queue = new Bull('q', { createClient: /** @type {any} */ (create) });
  const completed = happens(queue, 'completed');
  void queue.process(async (job) => job.data.n * 2);
  await queue.add({ n: 21 });
  const [, result] = await completed;
  assert.equal(result, 42);
  assert.deepEqual(sockets(), []);
  await queue.close();
  for (const client of clients) client.disconnect();
}
