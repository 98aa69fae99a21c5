// Measures the package in Node: time to open, and commands a second in this process.
//
// With --start only the time to open is measured.
// Prints a table, or with --json one line: { "open": ms, "first": ms, "batch1": n, "batch16": n }.

import { parseArgs } from 'node:util';

import { open } from './src/node.js';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, start: { type: 'boolean' } },
});

/** How long each measurement takes, in milliseconds. */
const SPAN_MS = 1500;
/** How many keys the commands go round. */
const KEYS = 1000;

const started = performance.now();
const redis = await open();
await redis.call('PING');
const first = performance.now() - started;

const again = performance.now();
const second = await open();
await second.call('PING');
const next = performance.now() - again;
await second.close();

/**
 * @param {number} size commands at a time
 * @returns {Promise<number>} commands a second, of which half are SET and half are GET
 */
async function throughput(size) {
  const batches = Array.from({ length: KEYS }, (_, i) =>
    Array.from({ length: size }, (__, j) => {
      const key = `key:${(i * size + j) % KEYS}`;
      return (i + j) % 2 === 0 ? ['SET', key, 'value-of-some-bytes'] : ['GET', key];
    }),
  );
  const begin = performance.now();
  let commands = 0;
  for (let i = 0; performance.now() - begin < SPAN_MS; i = (i + 1) % KEYS) {
    const batch = /** @type {string[][]} */ (batches[i]);
    if (size === 1) await redis.call(.../** @type {string[]} */ (batch[0]));
    else await redis.pipeline(batch);
    commands += size;
  }
  return Math.round((commands / (performance.now() - begin)) * 1000);
}

let [batch1, batch16] = [0, 0];
if (!values.start) {
  await throughput(1);
  batch1 = await throughput(1);
  batch16 = await throughput(16);
}
await redis.close();

const figures = { open: round(first), openAgain: round(next), batch1, batch16 };
if (values.json) console.log(JSON.stringify(figures));
else console.table(figures);

/** @param {number} ms */
function round(ms) {
  return Math.round(ms * 10) / 10;
}
