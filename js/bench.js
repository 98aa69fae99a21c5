// Measures the package in Node: time to open and to fork, commands a second in this process and
// what the guest alone takes of that, memory, and sizes.
//
// With --start only the time to open is measured; with --json that and commands a second, as a
// line; with --memory only memory, as a line. Memory has a process of its own: a hundred engines
// leave V8 with a heap in which commands are a tenth slower.

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { In, Inbox } from './src/abi.js';
import { Guest } from './src/guest.js';
import { open } from './src/node.js';
import { encodeCommand } from './src/resp.js';
import { now } from './src/time.js';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, start: { type: 'boolean' }, memory: { type: 'boolean' } },
});

/** How long each measurement takes, in milliseconds. */
const SPAN_MS = 1500;
/** How many keys the commands go round. */
const KEYS = 1000;
/** How many batches there are between two looks at the clock: one takes as long as a promise. */
const LOOK = 100;

const started = performance.now();
const redis = await open();
await redis.call('PING');
const first = performance.now() - started;

const again = performance.now();
const second = await open();
await second.call('PING');
const next = performance.now() - again;

/**
 * Commands in batches, of which half are SET and half are GET.
 *
 * @param {number} size
 * @returns {string[][][]}
 */
function batchesOf(size) {
  return Array.from({ length: KEYS }, (_, i) =>
    Array.from({ length: size }, (__, j) => {
      const key = `key:${(i * size + j) % KEYS}`;
      return (i + j) % 2 === 0 ? ['SET', key, 'value-of-some-bytes'] : ['GET', key];
    }),
  );
}

/**
 * @param {number} size commands at a time
 * @returns {Promise<number>} commands a second
 */
async function throughput(size) {
  const batches = batchesOf(size);
  const begin = performance.now();
  let commands = 0;
  for (let i = 0; i % LOOK !== 0 || performance.now() - begin < SPAN_MS; i = (i + 1) % KEYS) {
    const batch = /** @type {string[][]} */ (batches[i]);
    if (size === 1) await redis.call(.../** @type {string[]} */ (batch[0]));
    else await redis.pipeline(batch);
    commands += size;
  }
  return Math.round((commands / (performance.now() - begin)) * 1000);
}

/**
 * The same commands as frames that were made beforehand, into a guest whose output nobody reads.
 *
 * @param {number} size commands at a time
 * @returns {Promise<number>} commands a second
 */
async function floor(size) {
  const wasm = await readFile(new URL('redlet.wasm', import.meta.url));
  const guest = await Guest.start(await WebAssembly.compile(wasm));
  const inbox = new Inbox();
  inbox.frame(In.OPEN, 1, '127.0.0.1:2 127.0.0.1:0 -1 0');
  const opening = inbox.take();
  guest.step(opening, opening.length, now() * 1000);
  const steps = batchesOf(size).map((batch) => {
    inbox.begin(1);
    for (const command of batch) encodeCommand(inbox, command);
    inbox.end();
    return inbox.take().slice();
  });
  const begin = performance.now();
  let commands = 0;
  for (let i = 0; i % LOOK !== 0 || performance.now() - begin < SPAN_MS; i = (i + 1) % KEYS) {
    const frames = /** @type {Uint8Array} */ (steps[i]);
    guest.step(frames, frames.length, now() * 1000);
    commands += size;
  }
  guest.close();
  return Math.round((commands / (performance.now() - begin)) * 1000);
}

/** How long a fork of 1 MB of data takes, in milliseconds: the median. */
async function fork() {
  const parent = await open();
  await parent.pipeline(Array.from({ length: 1000 }, (_, i) => ['SET', i, 'x'.repeat(1000)]));
  const times = [];
  for (let i = 0; i < 21; i++) {
    const start = performance.now();
    const copy = await parent.fork();
    times.push(performance.now() - start);
    await copy.close();
  }
  await parent.close();
  return round(times.sort((a, b) => a - b)[10] ?? 0);
}

/**
 * Resident memory beside that of two engines that have done the same, in MB. One takes what is the
 * middle of the first ten: V8 takes pages for garbage with some, whoever makes it.
 */
async function memory() {
  for (const engine of [redis, second]) await engine.call('SET', 'k', 'v');
  const base = await resident();
  /** @type {import('./src/node.js').NodeRedlet[]} */
  const engines = [];
  /** @type {Record<string, number>} */
  const figures = {};
  const add = async () => {
    const engine = await open();
    await engine.call('SET', 'k', 'v');
    engines.push(engine);
  };
  const each = [];
  for (let last = base; engines.length < 10;) {
    await add();
    const taken = await resident();
    each.push(taken - last);
    last = taken;
  }
  figures['1 more, MB'] = round(each.sort((a, b) => a - b)[5] ?? 0);
  figures['10 more, MB'] = round((await resident()) - base);
  while (engines.length < 100) await add();
  figures['100 more, MB'] = round((await resident()) - base);
  for (const engine of engines.splice(0)) await engine.close();
  figures['100 closed, MB'] = round((await resident()) - base);
  return figures;
}

/** Resident memory in MB, when what is garbage has been collected. */
async function resident() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().rss / 2 ** 20;
}

if (values.memory) {
  console.log(JSON.stringify(await memory()));
  process.exit();
}
await second.close();

const isWhole = !values.json && !values.start;

let [batch1, batch16] = [0, 0];
if (!values.start) {
  await throughput(1);
  batch1 = await throughput(1);
  batch16 = await throughput(16);
}

const figures = { open: round(first), openAgain: round(next), batch1, batch16 };
if (values.json) console.log(JSON.stringify(figures));
else if (!isWhole) console.table(figures);
else {
  const guest1 = await floor(1);
  const guest16 = await floor(16);
  const alone = { 'guest alone, batch1': guest1, 'guest alone, batch16': guest16 };
  const held = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--memory'], {
    encoding: 'utf8',
  });
  console.table({ ...figures, ...alone, 'fork of 1 MB, ms': await fork(), ...JSON.parse(held) });
  const { sizes } = await import('./bench-sizes.js'); // with Vite, which takes a second
  console.table(await sizes());
}
await redis.close();

/** @param {number} ms */
function round(ms) {
  return Math.round(ms * 10) / 10;
}
