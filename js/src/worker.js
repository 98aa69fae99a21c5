/**
 * redlet in a Worker: the same API as `redlet` itself, the engine on a thread of its own.
 *
 * @module
 */

/** @import { Listener, Transport } from './host.js' */

import { Redlet } from './redlet.js';

export { Client } from './client.js';
export { EngineError } from './engine.js';
export { ReplyError } from './resp.js';
export { Subscription } from './subscription.js';
export { Redlet };

/**
 * What a Worker needs to know besides.
 *
 * @typedef {object} OwnOptions
 * @property {WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer> | URL | string} [wasm]
 * @property {Worker} [worker] one that runs `redlet/worker-thread`, for bundlers that do not find
 *   it by themselves
 */

/** @typedef {Omit<import('./redlet.js').CommonOptions, 'wasm'> & OwnOptions} WorkerOptions */

/**
 * Starts a Redis in a Worker.
 *
 * @param {WorkerOptions} [options]
 * @returns {Promise<Redlet>}
 * @example
 * const redis = await open(); // after: import { open } from 'redlet/worker'
 */
export async function open(options = {}) {
  const worker =
    options.worker ??
    new Worker(new URL('./worker-thread.js', import.meta.url), { type: 'module' });
  const source = options.wasm ?? new URL('../redlet.wasm', import.meta.url);
  const wasm = source instanceof URL || typeof source === 'string' ? absolute(source) : source;
  const setup = { wasm, memoryMax: options.memoryMax };
  return new Redlet((listener) => new WorkerTransport(worker, setup, listener), options).ready();
}

/** @implements {Transport} */
class WorkerTransport {
  #worker;
  /** @type {(() => void)[]} */
  #turns = [];

  /**
   * @param {Worker} worker
   * @param {{ wasm: unknown, memoryMax: number | undefined }} setup
   * @param {Listener} listener
   */
  constructor(worker, setup, listener) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      if (data.output) listener.output(data.output);
      else if (data.turned) this.#turns.shift()?.();
      else if (data.died !== undefined) listener.died(data.died);
      else listener.failed(data.failed);
    };
    worker.onerror = (event) => listener.failed(event.message || 'the worker did not load');
    worker.postMessage(setup);
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} frames
   * @param {number} life
   */
  post(frames, life) {
    const copy = frames.slice();
    this.#worker.postMessage({ frames: copy, life }, [copy.buffer]);
  }

  /** @returns {Promise<void>} */
  turn() {
    return new Promise((resolve) => {
      this.#turns.push(resolve);
      this.#worker.postMessage({ turn: true });
    });
  }

  /** A worker's thread lives by itself. */
  hold() {}

  close() {
    this.#worker.terminate();
    for (const turned of this.#turns.splice(0)) turned();
  }
}

/** @param {URL | string} source */
function absolute(source) {
  return new URL(source, globalThis.location?.href).href;
}
