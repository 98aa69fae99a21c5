/**
 * redlet in a Worker: the same API as `redlet` itself, the engine on a thread of its own.
 *
 * @module
 */

/** @import { Listener, Transport } from './host.js' */

import { checkOptions, kinds } from './options.js';
import { embedded, ownAddress } from './own.js';
import { OPTIONS, Redlet, engineOf } from './redlet.js';
import { address } from './wasm.js';
import { dial } from './websocket.js';

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
 * @property {string | undefined} [dir] where it keeps its data
 * @property {import('./guest.js').Image} [image] what the guest is to be
 */

/**
 * How an engine gets a thread and itself.
 *
 * @typedef {object} Way
 * @property {() => Worker | Promise<Worker>} make
 * @property {Setup} setup
 * @property {((why: string) => Promise<ArrayBuffer>) | undefined} spare what there is in place of a
 *   file that is missing
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
  const { dir, memoryMax, worker: given = startWorker } = options;
  const make = typeof given === 'function' ? given : once(given);
  const { wasm: source } = options;
  const wasm = source === undefined ? await ownWasm() : sendable(source);
  const spare = source === undefined ? embedded : undefined;
  const way = { make, setup: { wasm, memoryMax, dir }, spare };
  const worker = await make();
  const start = (/** @type {Listener} */ listener) => new WorkerTransport(worker, way, listener);
  return new Redlet(engineOf(start, options, undefined, dial), options).ready();
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

/** The package's own engine: an address, which the worker can stream from, or else its bytes. */
async function ownWasm() {
  try {
    return ownAddress().href;
  } catch (error) {
    return embedded(error);
  }
}

/**
 * What a worker can be sent: an address is no longer relative there.
 *
 * @param {NonNullable<OwnOptions['wasm']>} wasm
 */
function sendable(wasm) {
  const isAddress =
    typeof wasm === 'string' || Object.prototype.toString.call(wasm) === '[object URL]';
  return isAddress ? address(/** @type {URL | string} */ (wasm)).href : wasm;
}

/**
 * Starts the Worker from its file or, where a bundler has left that behind, from a copy of its
 * text.
 *
 * @returns {Promise<Worker>}
 */
async function startWorker() {
  if (typeof Worker !== 'function')
    throw new Error(
      "redlet: there is no Worker here: open() of 'redlet' itself runs in this thread",
    );
  try {
    // What is written here is what bundlers look for.
    return await loaded(
      new Worker(new URL('./worker-thread.js', import.meta.url), { type: 'module' }),
    );
  } catch (error) {
    const { default: text } = await import('../dist/embedded-worker.mjs').catch(() => {
      throw error;
    });
    const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
    try {
      return await loaded(new Worker(url));
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

/**
 * @param {Worker} worker
 * @returns {Promise<Worker>} once it runs its code
 */
function loaded(worker) {
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => {
      worker.terminate();
      reject(new Error(`redlet: ${complaint(event)}`));
    };
  });
}

/** @param {ErrorEvent} event */
function complaint({ message }) {
  return (
    message ||
    'the worker did not load: hand in one that runs redlet/worker-thread, as ' +
      "open({ worker: new Worker('/worker-thread.js', { type: 'module' }) })"
  );
}

/** @implements {Transport} */
class WorkerTransport {
  #worker;
  #way;
  /** @type {(() => void)[]} */
  #turns = [];
  /** @type {{ resolve: (copy: any) => void, reject: (error: Error) => void }[]} */
  #forks = [];

  /**
   * @param {Worker} worker
   * @param {Way} way
   * @param {Listener} listener
   */
  constructor(worker, way, listener) {
    const { setup, spare } = way;
    this.#worker = worker;
    this.#way = way;
    worker.onmessage = ({ data }) => {
      if (data.output) listener.output(data.output, 0, data.output.length);
      else if (data.turned) this.#turns.shift()?.();
      else if (data.copy) this.#forks.shift()?.resolve(data.copy);
      else if (data.uncopied) this.#forks.shift()?.reject(new Error(data.uncopied));
      else if (data.died !== undefined) listener.died(data.died);
      else if (data.missing && spare) replace(data.failed, spare);
      else if (data.failed !== undefined) listener.failed(data.failed);
    };
    worker.onerror = (event) => listener.failed(complaint(event));
    worker.postMessage(setup);

    /** @param {string} why @param {(why: string) => Promise<ArrayBuffer>} get */
    function replace(why, get) {
      get(why).then(
        (wasm) => worker.postMessage({ ...setup, wasm }, [wasm]),
        () => listener.failed(why),
      );
    }
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {number} size
   * @param {number} life
   */
  post(bytes, size, life) {
    const copy = bytes.slice(0, size);
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
    const worker = await this.#way.make();
    try {
      ready();
      const { module, image } = await new Promise((resolve, reject) => {
        this.#forks.push({ resolve, reject });
        this.#worker.postMessage({ fork: true });
      });
      const way = { ...this.#way, setup: { ...this.#way.setup, wasm: module, image } };
      return (/** @type {Listener} */ listener) => new WorkerTransport(worker, way, listener);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  close() {
    this.#worker.terminate();
    const closed = new Error('redlet: the engine is closed');
    for (const { reject } of this.#forks.splice(0)) reject(closed);
    for (const turned of this.#turns.splice(0)) turned();
  }
}
