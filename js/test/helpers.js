/**
 * What several tests need.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { open } from '../src/node.js';

/** How long a test waits at most for what another program or connection does in a moment. */
export const PATIENCE_MS = 120_000;

/** The package's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number }} [options]
 * @returns {Promise<{ code: number | null, output: string }>} with what it wrote, errors too
 */
export function run(command, args, { cwd = root, env, timeout = 180_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, timeout });
    child.stdin.end();
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/**
 * Where a program of the development dependencies is.
 *
 * @param {string} name
 */
export function bin(name) {
  return fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));
}

/**
 * @param {string} path
 * @returns {Promise<boolean>}
 */
export function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Opens an engine that closes with its test, however that ends.
 *
 * @param {import('node:test').TestContext} t
 * @param {import('../src/node.js').OpenOptions} [options]
 */
export async function opened(t, options) {
  const redis = await open(options);
  t.after(() => redis.close());
  return redis;
}

/**
 * Waits until something holds, by asking for it.
 *
 * @param {string} what
 * @param {() => boolean | Promise<boolean>} holds
 */
export async function waitUntil(what, holds) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * Waits for an event, or for the first one of its name with which something holds.
 *
 * @param {{ on: Function, off: Function }} emitter
 * @param {string} event
 * @param {(...args: any[]) => boolean} [holds]
 * @returns {Promise<any[]>} what comes with the event
 */
export function happens(emitter, event, holds = () => true) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`waited in vain for the event ${event}`));
    const timer = setTimeout(late, PATIENCE_MS);
    const listener = (/** @type {any[]} */ ...args) => {
      if (!holds(...args)) return;
      clearTimeout(timer);
      emitter.off(event, listener);
      resolve(args);
    };
    emitter.on(event, listener);
  });
}
