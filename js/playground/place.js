/**
 * The server that the page is at: one of its own, kept or fresh, or one elsewhere.
 *
 * @module
 */

import { open } from '../src/worker.js';
import { Recording } from './record.js';

/** @typedef {import('../src/redlet.js').Redlet} Redlet */
/** @typedef {import('../src/resp.js').Argument} Argument */
/** @typedef {import('../src/resp.js').Reply} Reply */

/** About how many bytes the engine has, unpacked: a server that packs it does not say. */
const ENGINE_BYTES = 6_400_000;
/** What the kept data are called in the site's storage. */
const KEPT = 'playground';

/**
 * @typedef {object} Opening
 * @property {(part: number) => void} progress
 * @property {() => void} onshutdown
 * @property {Uint8Array} [snapshot]
 * @property {Record<string, string>} [config]
 * @property {string} [seed] of all chance; otherwise another each time
 */

/** @type {Promise<WebAssembly.Module> | undefined} */
let compiled;
/** The thread of the first server of the page's own, which starts while the engine arrives. */
let first = /** @type {Worker | undefined} */ (thread());

function anySeed() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function thread() {
  return new Worker(new URL('../src/worker-thread.js', import.meta.url), { type: 'module' });
}

/** @returns {Worker} for another server */
function nextThread() {
  const next = first;
  first = undefined;
  return next ?? thread();
}

/**
 * Gets the engine, compiling as it arrives.
 *
 * @param {(part: number) => void} progress gets how much is there, from 0 to 1
 * @returns {Promise<WebAssembly.Module>}
 */
export function engine(progress) {
  compiled ??= compile(progress).catch((error) => {
    compiled = undefined;
    throw error;
  });
  return compiled;
}

/** @param {(part: number) => void} progress */
async function compile(progress) {
  const response = await fetch(new URL('../redlet.wasm', import.meta.url));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  const packed = response.headers.has('content-encoding');
  const said = packed ? 0 : Number(response.headers.get('content-length'));
  // The answer itself is what is compiled: the browser keeps what it makes of that.
  void count(response.clone(), said || ENGINE_BYTES, progress);
  return response.headers.get('content-type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

/**
 * @param {Response} response
 * @param {number} size
 * @param {(part: number) => void} progress
 */
async function count(response, size, progress) {
  const reader = response.body?.getReader();
  for (let got = 0; reader;) {
    const { done, value } = await reader.read();
    if (done) return progress(1);
    got += value.length;
    progress(Math.min(0.99, got / size));
  }
}

/**
 * A clock that is turned; times are in milliseconds, and each call resolves to what it then shows.
 *
 * @typedef {object} Timepiece
 * @property {boolean} frozen
 * @property {() => Promise<number>} get
 * @property {(ms: number) => Promise<number>} advance
 * @property {(ms: number) => Promise<number>} set
 * @property {() => Promise<number>} freeze
 * @property {() => Promise<number>} run
 */

/**
 * What a page does with its server beside being its client. Nothing of it is a command: no counter,
 * no connection and no MONITOR tells of it.
 */
export class Place {
  redis;
  kind;
  /** What was done here, if it began as new. @type {Recording | undefined} */
  recording;
  /** @type {Timepiece} */
  clock;

  /**
   * @param {Redlet} redis
   * @param {'kept' | 'fresh' | 'branch' | 'remote'} kind
   */
  constructor(redis, kind) {
    this.redis = redis;
    this.kind = kind;
    this.clock = new OrderedClock(this);
  }

  /**
   * Starts a server of the page's own.
   *
   * @param {'kept' | 'fresh' | 'branch'} kind
   * @param {Opening} more
   */
  static async open(kind, { progress, onshutdown, snapshot, config, seed = anySeed() }) {
    const wasm = await engine(progress);
    const dir = kind === 'kept' && navigator.locks && isSecureContext ? KEPT : undefined;
    const redis = await open({ wasm, worker: nextThread, dir, snapshot, onshutdown, config, seed });
    const place = new Place(redis, dir === undefined && kind === 'kept' ? 'fresh' : kind);
    if (place.kind === 'fresh' && !snapshot) place.recording = new Recording(place, seed);
    return place;
  }

  /** @param {string} words */
  order(words) {
    return this.redis.engine.owner.control(words);
  }

  /**
   * Runs commands that only read.
   *
   * @param {number} db
   * @param {readonly (readonly Argument[])[]} commands
   * @returns {Promise<any[]>} their replies in RESP3, strings as bytes, errors among them
   */
  look(db, commands) {
    return this.redis.engine.owner.look(db, commands);
  }

  /** What INFO tells. @param {string} sections @returns {Promise<string>} */
  info(sections) {
    return this.order(`info ${sections}`);
  }

  /** What tells whether the data have changed: it is another then. */
  async changes() {
    return changesIn(await this.info('persistence stats'));
  }

  /** Ends the script that runs, if one does. @returns {Promise<string>} why it cannot, or '' */
  async kill() {
    try {
      await this.order('script kill');
      return '';
    } catch (error) {
      const why = /** @type {Error} */ (error).message;
      return /UNKILLABLE/.test(why) ? why : '';
    }
  }

  close() {
    return this.redis.close();
  }
}

/**
 * The counts of INFO that grow when data change; what expires is no change by the first of them.
 *
 * @param {string} info
 */
function changesIn(info) {
  const counts = info.match(
    /^(rdb_changes_since_last_save|expired_keys|expired_subkeys|evicted_keys):\d+/gm,
  );
  return (counts ?? []).join();
}

/** The engine's clock, turned by orders; times are in milliseconds. */
class OrderedClock {
  #place;
  frozen = false;

  /** @param {Place} place */
  constructor(place) {
    this.#place = place;
  }

  /** @param {string} words */
  async #order(words) {
    for (let order = `clock ${words}`; ; order = 'clock forward 0') {
      const [time, more] = (await this.#place.order(order.trim())).split(' ');
      if (more !== '1') return Number(time) / 1000;
    }
  }

  get() {
    return this.#order('');
  }

  /** @param {number} ms */
  advance(ms) {
    return this.#order(`forward ${Math.round(ms * 1000)}`);
  }

  /** @param {number} ms */
  set(ms) {
    return this.#order(`set ${Math.round(ms * 1000)}`);
  }

  freeze() {
    this.frozen = true;
    return this.#order('freeze');
  }

  run() {
    this.frozen = false;
    return this.#order('run');
  }
}
