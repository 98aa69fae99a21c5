/**
 * redlet where there are no sockets and no files: browsers, workerd.
 *
 * @module
 */

import { Host } from './host.js';
import { checkOptions } from './options.js';
import { compileOwn } from './own.js';
import { OPTIONS, Redlet, engineOf } from './redlet.js';
import { builtin } from './time.js';
import { compile } from './wasm.js';
import { dial } from './websocket.js';

export { Client } from './client.js';
export { EngineError } from './errors.js';
export { ReplyError } from './resp.js';
export { Subscription } from './subscription.js';
export { Redlet };

/** @typedef {import('./redlet.js').OpenOptions} OpenOptions */

/**
 * Starts a Redis in this thread. In a page, `redlet/worker` keeps the thread free.
 *
 * @param {OpenOptions} [options]
 * @returns {Promise<Redlet>}
 */
export async function open(options = {}) {
  checkOptions('open()', options, OPTIONS);
  if (options.dir !== undefined)
    throw new TypeError("redlet: dir: in a page open() of 'redlet/worker' keeps data");
  const { wasm } = options;
  const module = await (wasm === undefined ? compileOwn(load) : compile(wasm, load));
  const start = (/** @type {import('./host.js').Listener} */ listener) =>
    new Host(module, options, listener);
  return new Redlet(engineOf(start, options, undefined, dial), options).ready();
}

/**
 * Bundles for Node are made of this entry too, where nothing tells the bundler what it bundles for.
 *
 * @param {URL} url
 * @returns {Promise<Response | Uint8Array<ArrayBuffer>>}
 */
async function load(url) {
  const files = url.protocol === 'file:' && builtin('node:fs/promises');
  return files ? files.readFile(url) : fetch(url);
}
