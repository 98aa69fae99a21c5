// Measures how many jobs a second BullMQ adds and works off, and what a job takes of the
// processors: on redis-server, which REDLET_REFERENCE names, on bin/redlet, where it is built, and
// on the package, by listen() in this process, whose time is then that of both, and as a process
// of its own. The servers take turns.
//
//     REDLET_REFERENCE=redis-server node bench-queues.js

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Queue, Worker } from 'bullmq';

import { SERVERS, spawned } from './test/servers.js';

/** @typedef {import('./test/servers.js').Served} Served */
/** @typedef {Record<string, string>} Row */

/** How often each server is measured; once more before, with a tenth of the jobs, it is warmed. */
const ROUNDS = 3;
/** How many jobs each measurement takes. */
const JOBS = 5000;
/** How many jobs are added at a time where many are. */
const BULK = 100;
/** How many jobs a worker has in hand where it has many. */
const CONCURRENCY = 50;
/** Microseconds in a tick of /proc's, which are a hundred a second on every Linux. */
const TICK_US = 10_000;

/** What a job took, in microseconds: of time, of the server's process, of this process. */
class Cost {
  wall = 0;
  server = 0;
  client = 0;
}

/**
 * What each job takes of what is done to them all.
 *
 * @param {Served} served
 * @param {number} jobs how many they are
 * @param {() => Promise<unknown>} act
 * @returns {Promise<Cost>}
 */
async function cost({ pid }, jobs, act) {
  const [server, client, begin] = [usedBy(pid), process.cpuUsage(), performance.now()];
  await act();
  const wall = ((performance.now() - begin) * 1000) / jobs;
  const { user, system } = process.cpuUsage(client);
  return { wall, server: (usedBy(pid) - server) / jobs, client: (user + system) / jobs };
}

/**
 * Processor time of another process in microseconds; NaN of this one, whose work is one with its
 * client's, and where there is no /proc.
 *
 * @param {number} pid
 */
function usedBy(pid) {
  if (pid === process.pid || process.platform !== 'linux') return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')')).split(' ');
  return (Number(fields[12]) + Number(fields[13])) * TICK_US;
}

/**
 * @param {Served} served
 * @param {number} jobs
 * @returns {Promise<Record<string, Cost>>}
 */
async function round(served, jobs) {
  const connection = { host: '127.0.0.1', port: served.port };
  const queue = new Queue('bench', { connection });
  await queue.waitUntilReady();
  const made = Array.from({ length: jobs }, (_, n) => ({
    name: 'mail',
    data: { to: 'somebody@example.com', subject: 'hello', n },
  }));
  /** @param {number} concurrency */
  const worked = async (concurrency) => {
    const options = { connection, concurrency, autorun: false };
    const worker = new Worker('bench', async () => {}, options);
    await worker.waitUntilReady();
    const figure = await cost(served, jobs, () => {
      let left = jobs;
      return new Promise((resolve) => {
        worker.on('completed', () => --left === 0 && resolve(left));
        void worker.run();
      });
    });
    await worker.close();
    return figure;
  };
  const one = await cost(served, jobs, async () => {
    for (const { name, data } of made) await queue.add(name, data);
  });
  const working1 = await worked(1);
  const many = await cost(served, jobs, async () => {
    for (let i = 0; i < jobs; i += BULK) await queue.addBulk(made.slice(i, i + BULK));
  });
  const workingMany = await worked(CONCURRENCY);
  await queue.obliterate({ force: true });
  await queue.close();
  return {
    'added one by one': one,
    [`added ${BULK} at a time`]: many,
    'worked off one by one': working1,
    [`worked off ${CONCURRENCY} at a time`]: workingMany,
  };
}

/** @param {number[]} values */
function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/**
 * @param {number} value
 * @param {number} [digits]
 */
function shown(value, digits = 0) {
  return Number.isNaN(value) ? '' : value.toFixed(digits);
}

/** @type {(() => unknown)[]} */
const ends = [];
const t = /** @type {any} */ ({ after: (/** @type {() => unknown} */ end) => ends.push(end) });
const cli = fileURLToPath(new URL('src/node/cli.js', import.meta.url));
const kinds = new Map(SERVERS);
kinds.set('npx redlet', (s) => spawned(s, process.execPath, cli));

/** @type {[string, Served, Record<string, Cost>[]][]} */
const subjects = [];
for (const [name, serve] of kinds) subjects.push([name, await serve(t), []]);
for (let i = 0; i <= ROUNDS; i++) {
  for (const [, served, costs] of subjects) {
    const figures = await round(served, i === 0 ? JOBS / 10 : JOBS);
    if (i > 0) costs.push(figures);
  }
}
for (const end of ends) await end();

const [, , base = []] = subjects.find(([name]) => name === 'redis-server') ?? [];
for (const what of Object.keys(subjects[0]?.[2][0] ?? {})) {
  /** @type {Record<string, Row>} */
  const table = {};
  for (const [name, , costs] of subjects) {
    const all = costs.map((figures) => figures[what] ?? new Cost());
    /** @param {keyof Cost} part */
    const typical = (part) => median(all.map((one) => one[part]));
    const ratio = median(all.map((one, i) => (base[i]?.[what]?.wall ?? Number.NaN) / one.wall));
    table[name] = {
      'jobs a second': shown(1e6 / typical('wall')),
      'ratio to redis': shown(ratio, 2),
      "server's µs a job": shown(typical('server')),
      "this process's": shown(typical('client')),
    };
  }
  console.log(`${JOBS} jobs ${what}`);
  console.table(table);
}
process.exit();
