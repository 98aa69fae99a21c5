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

/**
 * All that a guest is between two steps: its memory, in pieces between which stands what the module
 * puts there by itself, and its globals by name.
 *
 * @typedef {object} Image
 * @property {number} size bytes of memory
 * @property {{ at: number, bytes: Uint8Array }[]} pieces
 * @property {Record<string, any>} globals
 */

/**
 * What the guests of one module share: the memory of one that has run nothing yet, the image of one
 * that has just been initialised, which makes others without running that again, and instances that
 * were closed, which spare the collector their memory.
 *
 * @typedef {object} Stock
 * @property {Uint8Array} blank
 * @property {Image | undefined} image
 * @property {Guest[]} spare
 */

/** @type {WeakMap<WebAssembly.Module, Map<number | undefined, Stock>>} by memoryMax */
const stocks = new WeakMap();

/** Bytes of the guest's last words that are kept, to say why it died. */
const LAST_WORDS = 4096;
/** How many closed instances are kept, and how large such a one may be. */
const SPARE_MAX = 2;
const SPARE_SIZE = 16 << 20;
/** Bytes of a page of memory, and of the pieces that are looked at for an image. */
const PAGE = 65536;
const PIECE = 4096;
/** Bytes of input that are copied at once, whatever part of them are frames. */
const WINDOW = 512;
/** Bytes of input for which the guest is asked once. */
const ROOM = 4096;
const NOTHING = new Uint8Array(0);
const MEMORY_GLOBAL = /^global_/;

/** A running guest. After any error that a method throws the instance must be dropped. */
export class Guest {
  /** @type {Exports} */
  #exports;
  #stock;
  #control = 0;
  /** @type {Uint8Array<ArrayBuffer>} */
  #memory;
  /** @type {DataView<ArrayBuffer>} */
  #view;
  /** Whether the memory holds nothing but what the module puts there. */
  #fresh = true;
  /** Where frames of up to {@link ROOM} bytes go; 0 if the guest has yet to be asked. */
  #input = 0;
  // What was handed in last, and the first bytes of it.
  /** @type {Uint8Array} */
  #source = NOTHING;
  /** @type {Uint8Array} */
  #window = NOTHING;
  /** Where in the memory the frames are that came out of the last step. */
  from = 0;
  to = 0;
  /** What the guest wrote to standard error last. */
  lastWords = '';

  /**
   * Starts an instance.
   *
   * @param {WebAssembly.Module} module
   * @param {number} [memoryMax] how many bytes of memory it may take
   * @param {Image} [image] what it is to be; by default it has just been initialised
   * @returns {Promise<Guest>}
   */
  static async start(module, memoryMax, image) {
    const guest = await Guest.make(module, memoryMax);
    const { image: start } = guest.#stock;
    if (image ?? start) guest.become(/** @type {Image} */ (image ?? start));
    else guest.#initialize();
    return guest;
  }

  /**
   * Makes an instance that has yet to {@link become} something.
   *
   * @param {WebAssembly.Module} module
   * @param {number} [memoryMax]
   * @returns {Promise<Guest>}
   */
  static async make(module, memoryMax) {
    const stock = stockOf(module, memoryMax);
    // What was closed within a step is not used again before the step is over.
    await undefined;
    const spare = stock.spare.pop();
    if (spare) return spare;
    /** @type {{ guest?: Guest, exports?: Exports }} */
    const late = {};
    const imports = wasi(
      module,
      () => /** @type {ArrayBuffer} */ (late.exports?.memory.buffer),
      (text) => {
        if (late.guest) late.guest.lastWords = (late.guest.lastWords + text).slice(-LAST_WORDS);
      },
      `GOMEMLIMIT=${limit(memoryMax ?? MEMORY_MAX)}`,
    );
    const instance = await WebAssembly.instantiate(module, imports);
    late.exports = /** @type {Exports} */ (/** @type {unknown} */ (instance.exports));
    late.guest = new Guest(late.exports, stock);
    return late.guest;
  }

  /**
   * @param {Exports} exports
   * @param {Stock} stock
   */
  constructor(exports, stock) {
    this.#exports = exports;
    this.#stock = stock;
    this.#memory = new Uint8Array(/** @type {ArrayBuffer} */ (exports.memory.buffer));
    this.#view = new DataView(this.#memory.buffer);
  }

  #initialize() {
    const blank = this.#memory.slice();
    this.#fresh = false;
    this.#exports._initialize();
    const version = this.#exports.abi_version();
    if (version !== ABI_VERSION) {
      throw new Error(
        `redlet: redlet.wasm speaks ABI ${version}, this package speaks ${ABI_VERSION}`,
      );
    }
    this.#begin();
    const { size, globals } = this.image();
    this.#stock.blank = blank;
    this.#stock.image = { size, pieces: changes(this.#memory, blank), globals };
  }

  #begin() {
    this.#control = this.#exports.control() >>> 0;
    this.#input = 0;
    this.#refresh();
  }

  /**
   * What the guest is now.
   *
   * @returns {Image} its bytes are lent until the next step
   */
  image() {
    this.#refresh();
    /** @type {Record<string, any>} */
    const globals = {};
    for (const [name, value] of Object.entries(this.#exports)) {
      if (MEMORY_GLOBAL.test(name)) globals[name] = /** @type {any} */ (value).value;
    }
    const { length: size } = this.#memory;
    return { size, pieces: [{ at: 0, bytes: this.#memory }], globals };
  }

  /**
   * Makes the guest what another one was. A guest that has stepped loses what it held.
   *
   * @param {Image} image copied
   */
  become(image) {
    const missing = image.size - this.#memory.length;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE));
    this.#refresh();
    if (!this.#fresh) this.#clean(image);
    for (const { at, bytes } of image.pieces) this.#memory.set(bytes, at);
    for (const [name, value] of Object.entries(image.globals)) {
      /** @type {any} */ (this.#exports)[name].value = value;
    }
    this.#fresh = false;
    this.lastWords = '';
    this.#begin();
  }

  /**
   * Makes the memory what it was before anything ran, but for what the image covers.
   *
   * @param {Image} image
   */
  #clean({ size, pieces }) {
    const isWhole = pieces[0]?.bytes.length === size;
    const { blank } = this.#stock;
    if (!isWhole) this.#memory.set(blank);
    this.#memory.fill(0, isWhole ? size : blank.length);
  }

  /** Gives the instance back, for another guest; this one must not be used any more. */
  close() {
    const { spare } = this.#stock;
    if (spare.length >= SPARE_MAX || this.#exports.memory.buffer.byteLength > SPARE_SIZE) return;
    spare.push(this);
  }

  /**
   * Lets the engine take its input.
   *
   * @param {Uint8Array} bytes that begin with frames
   * @param {number} size of the frames
   * @param {number} now microseconds since the Unix epoch
   * @returns {Uint8Array} the memory, in which the frames that come out are: between {@link from}
   *   and {@link to}, lent until the next step
   */
  step(bytes, size, now) {
    if (size > 0) this.#put(bytes, size);
    const status = this.#exports.step(size, now);
    this.#refresh();
    const memory = this.#memory;
    this.from = this.#view.getUint32(this.#control, true);
    this.to = this.from + this.#view.getUint32(this.#control + 4, true);
    if (status !== 0)
      throw new Error(`step answered ${status}${complaint(memory.subarray(this.from, this.to))}`);
    return memory;
  }

  /**
   * Hands in the frames. A view takes longer to make than a few hundred bytes take to copy.
   *
   * @param {Uint8Array} bytes
   * @param {number} size
   */
  #put(bytes, size) {
    if (this.#input === 0 || size > ROOM) {
      this.#input = this.#exports.input(Math.max(size, ROOM)) >>> 0;
      this.#refresh();
    }
    if (size > WINDOW) {
      this.#memory.set(bytes.subarray(0, size), this.#input);
      if (size > ROOM) this.#input = 0; // the guest may want to keep less room
      return;
    }
    if (this.#source !== bytes) {
      this.#source = bytes;
      this.#window = bytes.subarray(0, WINDOW);
    }
    this.#memory.set(this.#window, this.#input);
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
 * @param {WebAssembly.Module} module
 * @param {number | undefined} memoryMax
 */
function stockOf(module, memoryMax) {
  let byMemory = stocks.get(module);
  if (!byMemory) stocks.set(module, (byMemory = new Map()));
  let stock = byMemory.get(memoryMax);
  if (!stock) byMemory.set(memoryMax, (stock = { blank: NOTHING, image: undefined, spare: [] }));
  return stock;
}

/**
 * Copies of what has changed in a memory.
 *
 * @param {Uint8Array} memory
 * @param {Uint8Array} before may be shorter: zeros followed
 */
function changes(memory, before) {
  const words = new Int32Array(memory.buffer);
  const old = new Int32Array(before.buffer);
  /** @type {Image['pieces']} */
  const found = [];
  let from = -1;
  for (let at = 0; at <= memory.length; at += PIECE) {
    const same = at === memory.length || isSame(words, old, at / 4, PIECE / 4);
    if (!same && from < 0) from = at;
    if (same && from >= 0) {
      found.push({ at: from, bytes: memory.slice(from, at) });
      from = -1;
    }
  }
  return found;
}

/**
 * @param {Int32Array} words
 * @param {Int32Array} old zeros stand behind its end
 * @param {number} from
 * @param {number} count
 */
function isSame(words, old, from, count) {
  const isOld = from < old.length;
  for (let i = from; i < from + count; i++) {
    if (words[i] !== (isOld ? old[i] : 0)) return false;
  }
  return true;
}

/** All that the memory of a module can have. */
const MEMORY_MAX = 2 ** 32;

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
  readFrames(output, (kind, _conn, _ticket, bytes, from, to) => {
    if (kind === Out.LOG) text += `: ${new TextDecoder().decode(bytes.subarray(from, to))}`;
  });
  return text;
}
