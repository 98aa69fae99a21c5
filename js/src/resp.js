/**
 * RESP as a client speaks it: commands out, replies in.
 *
 * @module
 */

import { text } from './text.js';

/**
 * An argument of a command. Strings are sent as UTF-8, numbers as JavaScript prints them, and of a
 * view or an ArrayBuffer its bytes.
 *
 * @typedef {string | number | bigint | ArrayBufferView | ArrayBuffer} Argument
 */

/**
 * A reply, or a part of one:
 *
 * - a simple, bulk or verbatim string is a `string` (bytes that are no UTF-8 become U+FFFD), or a
 *   `Uint8Array` where bytes were asked for; a simple string is a `string` always;
 * - an integer is a `number`, or a `bigint` if a number cannot hold it;
 * - an array or a push is an array; null, a null bulk string and a null array are `null`;
 * - an error is a {@link ReplyError};
 * - RESP3 only: a map is a `Map`, or an object where that was asked for, and a set a `Set`, both in
 *   the order of the reply; a double is a `number`, a boolean a `boolean`, a big number a `bigint`.
 *
 * @typedef {string | number | bigint | boolean | null | Uint8Array | ReplyError | ReplyArray |
 *   ReplyMap | ReplyObject | ReplySet } Reply
 */
/** @typedef {Reply[]} ReplyArray */
/** @typedef {Map<Reply, Reply>} ReplyMap */
/** @typedef {{ [key: string]: Reply }} ReplyObject */
/** @typedef {Set<Reply>} ReplySet */

/** An error that the server answered, such as `WRONGTYPE Operation against a key …`. */
export class ReplyError extends Error {
  /** @param {string} message the whole error, its code first */
  constructor(message) {
    super(message);
    this.name = 'ReplyError';
  }

  /** The error's first word: `ERR`, `WRONGTYPE`, `NOSCRIPT` … */
  get code() {
    return this.message.split(' ', 1)[0] ?? '';
  }
}

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const STAR = 42;

const encoder = new TextEncoder();

/** Room for `*3` or `$5` and the ends of two lines. */
const LINES = 16;
/** Up to this length ASCII goes faster by hand (20 ns) than through TextEncoder (120 ns). */
const SHORT = 64;

/**
 * Appends a command to the DATA frame that an inbox has open.
 *
 * @param {import('./abi.js').Inbox} inbox
 * @param {readonly Argument[]} args
 */
export function encodeCommand(inbox, args) {
  const count = args.length;
  if (count === 0) throw new TypeError('redlet: a command needs a name');
  inbox.reserve(LINES);
  // Kept here and not in the inbox, since each write there would be one to memory.
  let { bytes, length: at } = inbox;
  at = header(bytes, at, STAR, count);
  for (let i = 0; i < count; i++) {
    const given = /** @type {Argument} */ (args[i]);
    const arg = typeof given === 'number' || typeof given === 'bigint' ? String(given) : given;
    inbox.length = at;
    if (typeof arg === 'string' && arg.length <= SHORT) {
      if (at + arg.length + LINES > bytes.length) {
        inbox.reserve(arg.length + LINES);
        bytes = inbox.bytes;
      }
      at = encodeShort(bytes, at, arg);
      if (at > 0) continue;
    }
    encodeBytes(inbox, typeof arg === 'string' ? encoder.encode(arg) : bytesOf(arg));
    ({ bytes, length: at } = inbox);
  }
  inbox.length = at;
}

/**
 * Refuses what is no argument, before any of a command is written.
 *
 * @param {readonly unknown[]} args
 * @returns {asserts args is Argument[]}
 */
export function checkArguments(args) {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (typeof arg === 'string' || typeof arg === 'bigint') continue;
    if (typeof arg === 'number' && arg === arg) continue;
    if (typeof arg === 'object' && isBytes(arg)) continue;
    throw new TypeError(
      'redlet: an argument must be a string, a number, a bigint, a Uint8Array or an ArrayBuffer: ' +
        `that at ${i} of ${String(args[0])} is ${describe(arg)}`,
    );
  }
}

/**
 * Whether a value is bytes, of this realm or, as Buffers under jsdom are, of another.
 *
 * @param {any} arg
 * @returns {arg is ArrayBufferView<ArrayBuffer> | ArrayBuffer}
 */
export function isBytes(arg) {
  return (
    ArrayBuffer.isView(arg) ||
    arg instanceof ArrayBuffer ||
    Object.prototype.toString.call(arg) === '[object ArrayBuffer]'
  );
}

/** @param {unknown} arg */
function describe(arg) {
  if (typeof arg === 'boolean') return `${arg}, which Redis does not know: say 1 or 0, or a word`;
  if (typeof arg === 'number' || arg === null || arg === undefined) return String(arg);
  if (typeof arg !== 'object') return `a ${typeof arg}`;
  return `an object (${arg.constructor?.name ?? 'without a prototype'})`;
}

/**
 * @param {ArrayBufferView | ArrayBuffer} arg
 * @returns {Uint8Array}
 */
function bytesOf(arg) {
  if (arg instanceof Uint8Array) return arg;
  if (ArrayBuffer.isView(arg)) return new Uint8Array(arg.buffer, arg.byteOffset, arg.byteLength);
  return new Uint8Array(arg);
}

/**
 * Writes an argument, for which there must be room.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {string} arg of at most {@link SHORT} characters
 * @returns {number} where it ends, or 0 if it is not ASCII
 */
function encodeShort(bytes, start, arg) {
  const size = arg.length;
  let at = header(bytes, start, DOLLAR, size);
  let bits = 0;
  for (let i = 0; i < size; i++) {
    const code = arg.charCodeAt(i);
    bits |= code;
    bytes[at++] = code;
  }
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return bits < 128 ? at + 2 : 0;
}

/**
 * @param {import('./abi.js').Inbox} inbox
 * @param {Uint8Array} body
 */
function encodeBytes(inbox, body) {
  inbox.reserve(body.length + LINES);
  const { bytes } = inbox;
  const start = header(bytes, inbox.length, DOLLAR, body.length);
  bytes.set(body, start);
  const at = start + body.length;
  bytes[at] = CR;
  bytes[at + 1] = LF;
  inbox.length = at + 2;
}

/**
 * Writes `*3` or `$5` and a line end, for which there must be so much room as {@link LINES}.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} type
 * @param {number} count
 * @returns {number} where it ends
 */
function header(bytes, start, type, count) {
  let at = start;
  bytes[at++] = type;
  if (count < 10) {
    bytes[at++] = 48 + count;
  } else if (count < 100) {
    bytes[at++] = 48 + ((count / 10) | 0);
    bytes[at++] = 48 + (count % 10);
  } else {
    for (const digit of String(count)) bytes[at++] = digit.charCodeAt(0);
  }
  bytes[at++] = CR;
  bytes[at++] = LF;
  return at;
}

/** What {@link Parser} throws inside when the bytes end before the reply does. */
const INCOMPLETE = Symbol('incomplete');
const NOTHING = new Uint8Array(0);
/** The first bytes of replies that say how much follows: `$ = ! * ~ > % |`. */
const COUNTED = new Set([36, 61, 33, 42, 126, 62, 37, 124]);

/** Cuts a stream of bytes into replies. */
export class Parser {
  /** Whether strings are given as bytes. */
  bytes = false;
  /** Whether maps are given as objects. */
  objects = false;
  /** What holds a reply that is not whole yet: its first bytes, up to {@link #held}. */
  /** @type {Uint8Array} */
  #rest = NOTHING;
  #held = 0;
  /** Where in it the look for its end goes on, and how many replies must still begin. */
  #scanned = 0;
  #parts = 1;
  /** What is being parsed: from #at up to #end, the bytes of #source. */
  /** @type {Uint8Array} */
  #source = NOTHING;
  #at = 0;
  #end = 0;
  /** {@link bytes}, but not within a key of an object. */
  #raw = false;

  /**
   * Parses what has come; a reply that is not whole waits for more.
   *
   * @param {Uint8Array} data lent for the call
   * @param {(reply: Reply, push: boolean) => void} each may change {@link bytes} and
   *   {@link objects} for the replies that follow
   * @param {number} [from] where in data the bytes begin
   * @param {number} [to] where they end
   */
  feed(data, each, from = 0, to = data.length) {
    this.#source = data;
    this.#at = from;
    this.#end = to;
    if (this.#held > 0) {
      this.#join(data.subarray(from, to));
      this.#source = this.#rest;
      this.#at = 0;
      this.#end = this.#held;
      if (!this.#whole()) return;
    }
    let done = this.#at;
    try {
      while (this.#at < this.#end) {
        const push = this.#source[this.#at] === 62; // >
        this.#raw = this.bytes;
        const reply = this.#value();
        done = this.#at;
        each(reply, push);
      }
    } catch (error) {
      if (error !== INCOMPLETE) throw error;
    }
    this.#held = this.#end - done;
    this.#rest = this.#held > 0 ? this.#source.slice(done, this.#end) : NOTHING;
    this.#source = NOTHING;
    this.#scanned = 0;
    this.#parts = 1;
  }

  /**
   * Puts data behind the rest, in twice the space if there is too little.
   *
   * @param {Uint8Array} data
   */
  #join(data) {
    const size = this.#held + data.length;
    if (size > this.#rest.length) {
      const more = new Uint8Array(Math.max(size, 2 * this.#rest.length));
      more.set(this.#rest.subarray(0, this.#held));
      this.#rest = more;
    }
    this.#rest.set(data, this.#held);
    this.#held = size;
  }

  /**
   * Looks for the end of the first reply, from where it was not found before: a large one that
   * comes in many parts is parsed once.
   */
  #whole() {
    const source = this.#rest;
    while (this.#parts > 0) {
      const end = source.indexOf(LF, this.#scanned);
      if (end < 0 || end >= this.#held) return false;
      const kind = source[this.#scanned];
      this.#parts--;
      // Only where a count follows: other lines may hold anything.
      const counts = kind !== undefined && COUNTED.has(kind);
      const count = counts ? Number(text(source, this.#scanned + 1, end - 1)) : 0;
      this.#scanned = end + 1;
      if (kind === 36 || kind === 61 || kind === 33) {
        if (count >= 0) this.#scanned += count + 2;
      } else if (kind === 37) {
        this.#parts += 2 * count;
      } else if (kind === 124) {
        this.#parts += 2 * count + 1;
      } else {
        this.#parts += Math.max(count, 0);
      }
    }
    return this.#scanned <= this.#held;
  }

  /** @returns {any} */
  #value() {
    if (this.#at >= this.#end) throw INCOMPLETE;
    const type = this.#source[this.#at++];
    switch (type) {
      case 36: // $
      case 61: // =
        return this.#bulk(type === 61 ? 4 : 0);
      case 43: // +
        return this.#simple();
      case 45: // -
        return new ReplyError(this.#line());
      case 58: // :
        return this.#integer();
      case 42: // *
      case 62: // >
        return this.#array();
      case 37: // %
        return this.objects ? this.#object() : this.#map();
      case 126: // ~
        return new Set(this.#array());
      case 95: // _
        this.#line();
        return null;
      case 44: // ,
        return double(this.#line());
      case 35: // #
        return this.#line() === 't';
      case 40: // (
        return BigInt(this.#line());
      case 33: // !
        return new ReplyError(text(this.#source, this.#body(this.#count()), this.#at - 2));
      case 124: // |
        this.#map();
        return this.#value();
      default:
        throw new SyntaxError(`redlet: no reply begins with byte ${type}`);
    }
  }

  /** @param {number} skip bytes that say what the text is */
  #bulk(skip) {
    const size = this.#count();
    if (size < 0) return null;
    const start = this.#body(size) + skip;
    const end = this.#at - 2;
    return this.#raw ? this.#source.slice(start, end) : text(this.#source, start, end);
  }

  /**
   * Goes behind so many bytes and the end of the line.
   *
   * @param {number} size
   * @returns {number} where they begin
   */
  #body(size) {
    const start = this.#at;
    if (start + size + 2 > this.#end) throw INCOMPLETE;
    this.#at = start + size + 2;
    return start;
  }

  #array() {
    const count = this.#count();
    if (count < 0) return null;
    const items = [];
    for (let i = 0; i < count; i++) items.push(this.#value());
    return items;
  }

  #map() {
    const count = this.#count();
    const map = new Map();
    for (let i = 0; i < count; i++) {
      const key = this.#value();
      map.set(key, this.#value());
    }
    return map;
  }

  #object() {
    const count = this.#count();
    const raw = this.#raw;
    /** @type {ReplyObject} */
    const object = {};
    for (let i = 0; i < count; i++) {
      this.#raw = false;
      const key = String(this.#value());
      this.#raw = raw;
      const value = this.#value();
      if (key !== '__proto__') object[key] = value;
      else Object.defineProperty(object, key, { value, ...PLAIN });
    }
    return object;
  }

  /** A number of at most 15 digits goes faster by hand. */
  #integer() {
    const start = this.#at;
    const source = this.#source;
    let at = start;
    let sign = 1;
    if (source[at] === 45) {
      sign = -1;
      at++;
    }
    let value = 0;
    const most = Math.min(this.#end, at + 15);
    for (; at < most; at++) {
      const digit = /** @type {number} */ (source[at]) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at < most && source[at] === CR) {
      this.#skipLineEnd(at);
      return value === 0 ? 0 : sign * value;
    }
    return integer(this.#line());
  }

  #count() {
    const source = this.#source;
    let at = this.#at;
    let count = 0;
    let sign = 1;
    for (; ; at++) {
      if (at >= this.#end) throw INCOMPLETE;
      const byte = /** @type {number} */ (source[at]);
      if (byte === CR) break;
      if (byte === 45) sign = -1;
      else count = count * 10 + byte - 48;
    }
    this.#skipLineEnd(at);
    return sign * count;
  }

  /** OK and QUEUED are most of what comes here. */
  #simple() {
    const source = this.#source;
    const at = this.#at;
    if (
      source[at] === 79 &&
      source[at + 1] === 75 &&
      source[at + 2] === CR &&
      at + 4 <= this.#end
    ) {
      this.#at = at + 4;
      return 'OK';
    }
    return this.#line();
  }

  #line() {
    const source = this.#source;
    const start = this.#at;
    let at = start;
    while (source[at] !== CR) {
      if (at >= this.#end) throw INCOMPLETE;
      at++;
    }
    this.#skipLineEnd(at);
    return text(source, start, at);
  }

  /** @param {number} at of the CR */
  #skipLineEnd(at) {
    if (at + 2 > this.#end) throw INCOMPLETE;
    this.#at = at + 2;
  }
}

/** What an assigned property is. */
const PLAIN = { enumerable: true, configurable: true, writable: true };

/** @param {string} line */
function integer(line) {
  const value = Number(line);
  return Number.isSafeInteger(value) ? value : BigInt(line);
}

/** @param {string} line */
function double(line) {
  if (line === 'inf') return Infinity;
  if (line === '-inf') return -Infinity;
  return Number(line);
}
