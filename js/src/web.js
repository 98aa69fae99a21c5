/**
 * redlet where there are no sockets and no files: browsers, workerd.
 *
 * @module
 */

import { Host } from './host.js';
import { checkOptions } from './options.js';
import { OPTIONS, Redlet, engineOf } from './redlet.js';
import { compile } from './wasm.js';

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
  const source = options.wasm ?? new URL('../redlet.wasm', import.meta.url);
  const module = await compile(source, (url) => fetch(url));
  const start = (/** @type {import('./host.js').Listener} */ listener) =>
    new Host(module, options, listener);
  return new Redlet(engineOf(start, options), options).ready();
}
