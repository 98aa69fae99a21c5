/**
 * One instance of the engine in WebAssembly.
 *
 * @module
 */

import { ABI_VERSION, Out, readFrames } from './abi.js';
import { wasi } from './wasi.js';

/**
 * What the guest exports.
 *
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {() => void} _initialize
 * @property {() => number} abi_version
 * @property {(size: number) => number} input
 * @property {() => number} control
 * @property {(length: number, now: number) => number} step
 */

/** Bytes of the guest's last words that are kept, to say why it died. */
const LAST_WORDS = 4096;

/** A running guest. After any error that a method throws the instance must be dropped. */
export class Guest {
  /** @type {Exports} */
  #exports;
  #control;
  /** @type {Uint8Array<ArrayBuffer>} */
  #memory;
  /** @type {DataView<ArrayBuffer>} */
  #view;
  /** What the guest wrote to standard error last. */
  lastWords = '';

  /**
   * Starts an instance.
   *
   * @param {WebAssembly.Module} module
   * @param {number} [memoryMax] how many bytes of memory it may take
   * @returns {Promise<Guest>}
   */
  static async start(module, memoryMax) {
    /** @type {{ guest?: Guest, exports?: Exports, words: string }} */
    const late = { words: '' };
    const imports = wasi(
      module,
      () => /** @type {ArrayBuffer} */ (late.exports?.memory.buffer),
      (text) => {
        late.words = (late.words + text).slice(-LAST_WORDS);
        if (late.guest) late.guest.lastWords = late.words;
      },
      memoryMax === undefined ? undefined : `GOMEMLIMIT=${limit(memoryMax)}`,
    );
    const instance = await WebAssembly.instantiate(module, imports);
    late.exports = /** @type {Exports} */ (/** @type {unknown} */ (instance.exports));
    late.exports._initialize();
    const version = late.exports.abi_version();
    if (version !== ABI_VERSION) {
      throw new Error(
        `redlet: redlet.wasm speaks ABI ${version}, this package speaks ${ABI_VERSION}`,
      );
    }
    late.guest = new Guest(late.exports);
    return late.guest;
  }

  /** @param {Exports} exports of an instance that has been initialised */
  constructor(exports) {
    this.#exports = exports;
    this.#control = exports.control() >>> 0;
    this.#memory = new Uint8Array(/** @type {ArrayBuffer} */ (exports.memory.buffer));
    this.#view = new DataView(this.#memory.buffer);
  }

  /**
   * Lets the engine take its input.
   *
   * @param {Uint8Array} frames
   * @param {number} now microseconds since the Unix epoch
   * @returns {Uint8Array} the frames that come out, lent until the next step
   */
  step(frames, now) {
    if (frames.length > 0) {
      const at = this.#exports.input(frames.length) >>> 0;
      this.#refresh();
      this.#memory.set(frames, at);
    }
    const status = this.#exports.step(frames.length, now);
    this.#refresh();
    const at = this.#view.getUint32(this.#control, true);
    const output = this.#memory.subarray(at, at + this.#view.getUint32(this.#control + 4, true));
    if (status !== 0) throw new Error(`step answered ${status}${complaint(output)}`);
    return output;
  }

  /** When the engine wants its next step: microseconds since the Unix epoch, or Infinity. */
  get deadline() {
    return this.#view.getFloat64(this.#control + 8, true);
  }

  /** Views end when the memory grows: they are empty then, which is quickly asked. */
  #refresh() {
    if (this.#memory.length > 0) return;
    const buffer = /** @type {ArrayBuffer} */ (this.#exports.memory.buffer);
    this.#memory = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}

/**
 * What the guest's runtime is to keep its heap below. Its data segments and stacks do not count,
 * and it keeps to the limit only nearly.
 *
 * @param {number} memoryMax
 */
function limit(memoryMax) {
  const least = 2 ** 23;
  const memory = Math.max(memoryMax, 2 * least);
  return Math.floor(Math.max(memory - least - Math.max(memory / 16, least), memory / 2));
}

/**
 * What a guest that failed logged about it.
 *
 * @param {Uint8Array} output
 */
function complaint(output) {
  let text = '';
  readFrames(output, (kind, _conn, _ticket, payload) => {
    if (kind === Out.LOG) text += `: ${new TextDecoder().decode(payload)}`;
  });
  return text;
}
