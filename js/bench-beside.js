// Measures the package beside other Redises for tests, in one run: time to open, and commands a
// second, one at a time and sixteen in a pipeline. They are asked through ioredis, but for the
// package itself.
//
//     npm install --prefix FOLDER ioredis-mock js-redis-server
//     node bench-beside.js FOLDER
//
// What the folder lacks is left out.

import { createRequire } from 'node:module';
import { join } from 'node:path';

import { AbstractConnector, Redis } from 'ioredis';

import { open } from './src/node.js';

/** How long each measurement takes, in milliseconds. */
const SPAN_MS = 1000;
/** How many keys the commands go round. */
const KEYS = 1000;
const BATCH = 16;

/**
 * What is measured: sends commands of one batch and resolves when all are answered.
 *
 * @typedef {{ send: (commands: string[][]) => Promise<unknown>, close: () => unknown }} Subject
 */

const require = createRequire(join(process.argv[2] ?? '.', 'package.json'));

/** @type {Record<string, () => Promise<Subject>>} */
const subjects = {
  async 'redlet, call and pipeline'() {
    const redis = await open();
    const send = (/** @type {string[][]} */ commands) =>
      commands.length === 1 ? redis.call(...(commands[0] ?? [])) : redis.pipeline(commands);
    return { send, close: () => redis.close() };
  },
  async 'redlet, ioredis without a socket'() {
    const redis = await open();
    class Connector extends AbstractConnector {
      /** @override */
      async connect() {
        return (this.stream = /** @type {any} */ (redis.duplex()));
      }
    }
    return through(new Redis({ Connector: /** @type {any} */ (Connector) }), () => redis.close());
  },
  async 'redlet, ioredis by TCP'() {
    const redis = await open();
    const { url } = await redis.listen();
    return through(new Redis(url), () => redis.close());
  },
  async 'js-redis-server, ioredis by TCP'() {
    const mock = await require('js-redis-server').createRedisMock();
    return through(new Redis(mock.addresses()[0]), () => mock.close());
  },
  async 'ioredis-mock'() {
    return through(new (require('ioredis-mock'))(), () => {});
  },
};

/**
 * @param {any} client
 * @param {() => unknown} end
 * @returns {Subject}
 */
function through(client, end) {
  return {
    send(commands) {
      if (commands.length > 1) return client.pipeline(commands.map(lower)).exec();
      const [name = '', ...args] = lower(commands[0] ?? []);
      return client[name](...args);
    },
    async close() {
      client.disconnect();
      await end();
    },
  };
}

/** @param {string[]} command */
function lower([name = '', ...args]) {
  return [name.toLowerCase(), ...args];
}

/**
 * Commands a second, of which half are SET and half are GET.
 *
 * @param {Subject} subject
 * @param {number} size
 */
async function throughput({ send }, size) {
  const batches = Array.from({ length: KEYS }, (_, i) =>
    Array.from({ length: size }, (__, j) => {
      const key = `key:${(i * size + j) % KEYS}`;
      return (i + j) % 2 === 0 ? ['SET', key, 'value-of-some-bytes'] : ['GET', key];
    }),
  );
  const begin = performance.now();
  let count = 0;
  for (let i = 0; performance.now() - begin < SPAN_MS; i = (i + 1) % KEYS, count += size) {
    await send(/** @type {string[][]} */ (batches[i]));
  }
  return Math.round((count / (performance.now() - begin)) * 1000);
}

/** @type {Record<string, object>} */
const table = {};
for (const [name, start] of Object.entries(subjects)) {
  try {
    await (await start()).close();
    const begin = performance.now();
    const subject = await start();
    await subject.send([['GET', 'k']]);
    const ms = Math.round((performance.now() - begin) * 10) / 10;
    await throughput(subject, 1);
    const one = await throughput(subject, 1);
    await throughput(subject, BATCH);
    const many = await throughput(subject, BATCH);
    await subject.close();
    table[name] = { 'open again, ms': ms, 'one at a time': one, 'in pipelines': many };
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'MODULE_NOT_FOUND') throw error;
    console.log(`left out: ${name}, which is not installed there`);
  }
}
console.table(table);
process.exit();
