/**
 * What a tab does with an engine that keeps its data.
 *
 * @module
 */

import { open } from '../../src/worker.js';

/** @type {import('../../src/redlet.js').Redlet} */
let redis;
let acknowledged = 0;
let heardLast = '';

/**
 * @param {string} dir
 * @param {boolean} inDatabase
 */
export async function begin(dir, inDatabase) {
  const url = new URL('./database-worker.js', import.meta.url);
  const worker = () => new Worker(url, { type: 'module' });
  redis = await open({ dir, ...(inDatabase && { worker }) });
}

/** @param {(string | number)[][]} commands */
export function run(commands) {
  return redis.pipeline(commands);
}

/** @param {string} channel */
export async function hear(channel) {
  await redis.subscribe(channel, (message) => (heardLast = String(message)));
}

/** What was heard last. */
export function heard() {
  return heardLast;
}

/** Waits for what never comes. */
export function wait() {
  return redis.client().call('BLPOP', 'never', 0);
}

/** Counts on and on. */
export async function count() {
  for (;;) acknowledged = Number(await redis.call('INCR', 'n'));
}

/** How far it has come. */
export function counted() {
  return acknowledged;
}

/** Has the engine die. */
export async function die() {
  redis.engine.inbox.frame(99);
  return redis.call('PING').catch((error) => error.name);
}

export function end() {
  return redis.close();
}
