/**
 * The servers that queues and other clients of their libraries are tested with.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { happens, opened, root } from './helpers.js';

/** @typedef {import('node:test').TestContext} TestContext */

/**
 * A server on a port of 127.0.0.1, and its process. `advance` lets time pass there: a redlet's
 * clock is turned, a redis-server has to be waited for.
 *
 * @typedef {{ port: number, pid: number, advance: (ms: number) => Promise<unknown> }} Served
 */

/** @typedef {(t: TestContext) => Promise<Served>} Serve */

/** The server program, where it has been built. */
const program = join(root, '../bin/redlet');

/** A redis-server to compare with, where one is named. */
const reference = process.env.REDLET_REFERENCE;

/**
 * What the tests of a library run on: the package's `listen()` and the server program, and before
 * them a redis-server, which shows what is the library's doing.
 *
 * @type {[string, Serve][]}
 */
export const SERVERS = [];
if (reference) SERVERS.push(['redis-server', (t) => spawned(t, reference)]);
SERVERS.push(['listen()', listened]);
if (existsSync(program)) SERVERS.push(['bin/redlet', (t) => spawned(t, program)]);

/** @type {Serve} */
async function listened(t) {
  const redis = await opened(t);
  const { port } = await redis.listen();
  return { port: Number(port), pid: process.pid, advance: (ms) => redis.clock.advance(ms) };
}

/**
 * Starts a server in a folder of its own, without save points, until the test is over.
 *
 * @param {TestContext} t
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>} its process
 */
export async function started(t, command, args) {
  const dir = await mkdtemp(join(tmpdir(), 'redlet-'));
  const more = ['--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  const child = spawn(command, [...args, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(dir, { recursive: true });
  });
  let log = '';
  await happens(child.stdout, 'data', (text) => (log += text).includes('Ready to accept'));
  child.stdout.resume();
  return Number(child.pid);
}

/**
 * @param {TestContext} t
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<Served>}
 */
export async function spawned(t, command, ...args) {
  const port = await freePort();
  const pid = await started(t, command, [...args, '--port', String(port)]);
  const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const turn = async (/** @type {number} */ ms) => {
    const client = new Redis(port);
    await client.call('REDLET.CLOCK', 'ADVANCE', ms);
    client.disconnect();
  };
  return { port, pid, advance: command === reference ? wait : turn };
}

/** @returns {Promise<number>} */
export async function freePort() {
  return Number(await freed(0));
}

/**
 * The first of so many free ports, one behind the other.
 *
 * @param {number} count
 */
export async function freePorts(count) {
  for (;;) {
    const first = await freePort();
    const others = Array.from({ length: count - 1 }, (_, i) => freed(first + 1 + i));
    if (!(await Promise.all(others)).includes(undefined)) return first;
  }
}

/**
 * @param {number} port 0 for any
 * @returns {Promise<number | undefined>} one that is free; undefined if it is not
 */
function freed(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => {
      const { port: given } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(given));
    });
  });
}

/**
 * Starts a worker in a process of its own, and kills that process in the middle of a job.
 *
 * @param {string} library 'bullmq', 'bull' or 'bee-queue'
 * @param {number} port
 */
export async function killWorkerAtWork(library, port) {
  const args = ['test/queue-main.js', library, String(port)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await happens(child.stdout, 'data', (text) => String(text).includes('at work'));
  child.kill('SIGKILL');
  await ended;
}
