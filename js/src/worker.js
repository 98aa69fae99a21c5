/**
 * redlet in a Worker: the same API as `redlet` itself, the engine on a thread of its own.
 *
 * @module
 */

/** @import { Listener, Transport } from './host.js' */

import { checkOptions, kinds } from './options.js';
import { OPTIONS, Redlet, engineOf } from './redlet.js';

export { Client } from './client.js';
export { EngineError } from './errors.js';
export { ReplyError } from './resp.js';
export { Subscription } from './subscription.js';
export { Redlet };

/**
 * What a Worker needs to know besides.
 *
 * @typedef {object} OwnOptions
 * @property {WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer> | URL | string} [wasm]
 * @property {Worker | (() => Worker)} [worker] one that runs `redlet/worker-thread`, for bundlers
 *   that do not find it by themselves; `fork` needs a function, which makes another each time
 */

/** @typedef {Omit<import('./redlet.js').CommonOptions, 'wasm'> & OwnOptions} WorkerOptions */

/** A worker cannot call a function of the page's for the time. */
const WORKER_OPTIONS = { ...OPTIONS, worker: kinds.any, now: kinds.never };

/**
 * What the thread is told first.
 *
 * @typedef {object} Setup
 * @property {unknown} wasm
 * @property {number | undefined} memoryMax
 * @property {import('./guest.js').Image} [image] what the guest is to be
 */

/**
 * Starts a Redis in a Worker.
 *
 * @param {WorkerOptions} [options]
 * @returns {Promise<Redlet>}
 * @example
 * const redis = await open(); // after: import { open } from 'redlet/worker'
 */
export async function open(options = {}) {
  if (options.clock === 'date')
    throw new TypeError("redlet: Date is not faked in a Worker: clock 'date' has no sense there");
  checkOptions('open()', options, WORKER_OPTIONS);
  const { worker: given } = options;
  const make =
    given ?? (() => new Worker(new URL('./worker-thread.js', import.meta.url), { type: 'module' }));
  const worker = typeof make === 'function' ? make : once(make);
  const source = options.wasm ?? new URL('../redlet.wasm', import.meta.url);
  const wasm = source instanceof URL || typeof source === 'string' ? absolute(source) : source;
  const setup = { wasm, memoryMax: options.memoryMax };
  const start = (/** @type {Listener} */ listener) => new WorkerTransport(worker, setup, listener);
  return new Redlet(engineOf(start, options), options).ready();
}

/**
 * Gives a worker away.
 *
 * @param {Worker} worker
 * @returns {() => Worker}
 */
function once(worker) {
  let given = false;
  return () => {
    if (given) throw new TypeError('redlet: fork() needs open({ worker: () => new Worker(…) })');
    given = true;
    return worker;
  };
}

/** @implements {Transport} */
class WorkerTransport {
  #worker;
  #make;
  #setup;
  /** @type {(() => void)[]} */
  #turns = [];
  /** @type {{ resolve: (copy: any) => void, reject: (error: Error) => void }[]} */
  #forks = [];

  /**
   * @param {() => Worker} make
   * @param {Setup} setup
   * @param {Listener} listener
   */
  constructor(make, setup, listener) {
    const worker = make();
    this.#worker = worker;
    this.#make = make;
    this.#setup = setup;
    worker.onmessage = ({ data }) => {
      if (data.output) listener.output(data.output, 0, data.output.length);
      else if (data.turned) this.#turns.shift()?.();
      else if (data.copy) this.#forks.shift()?.resolve(data.copy);
      else if (data.uncopied) this.#forks.shift()?.reject(new Error(data.uncopied));
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

  /** @param {() => void} ready */
  async fork(ready) {
    ready();
    const copy = await new Promise((resolve, reject) => {
      this.#forks.push({ resolve, reject });
      this.#worker.postMessage({ fork: true });
    });
    const setup = { ...this.#setup, wasm: copy.module, image: copy.image };
    return (/** @type {Listener} */ listener) => new WorkerTransport(this.#make, setup, listener);
  }

  close() {
    this.#worker.terminate();
    const closed = new Error('redlet: the engine is closed');
    for (const { reject } of this.#forks.splice(0)) reject(closed);
    for (const turned of this.#turns.splice(0)) turned();
  }
}

/** @param {URL | string} source */
function absolute(source) {
  return new URL(source, globalThis.location?.href).href;
}
