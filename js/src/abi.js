/**
 * The guest's ABI, version 2: frames of bytes that go into the engine and come out of it.
 *
 * A frame is a header of 16 bytes (kind, connection, ticket, size of the payload, each a
 * little-endian u32) and its payload. All frames of one step stand one behind the other, without
 * padding. The kinds are those of core/world.go, which says what each means.
 *
 * @module
 */

import { repr, toBinary } from './sds.js';

/** The version of the ABI that this package speaks. */
export const ABI_VERSION = 2;

/** Bytes of a frame's header. */
export const HEADER = 16;

/** Kinds of inputs. */
export const In = Object.freeze({
  CONFIGURE: 1,
  OPEN: 2,
  DATA: 3,
  CLOSE: 4,
  CORK: 5,
  UNCORK: 6,
  STOP: 7,
  SNAPSHOT: 8,
  RESTORE: 9,
  CONNECTED: 10,
  DONE: 11,
  CONTENT: 12,
  ABSENT: 13,
  APPENDED: 14,
  CONTROL: 15,
  CLUSTER: 16,
});

/** Kinds of events. */
export const Out = Object.freeze({
  DATA: 1,
  HANGUP: 2,
  CONNECT: 3,
  SHUTDOWN: 4,
  LOG: 5,
  SNAPSHOT: 6,
  RESTORED: 7,
  CONFIGURED: 8,
  READ: 9,
  APPEND: 10,
  SYNC: 11,
  REPLACE: 12,
  REMOVE: 13,
  CONTROLLED: 14,
  CLUSTER: 15,
  CONFIG: 16,
});

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nothing = new Uint8Array(0);

/**
 * Frames on their way into the engine. Bytes for one connection that follow each other share a
 * frame.
 */
export class Inbox {
  /** @type {Uint8Array<ArrayBuffer>} */
  bytes = new Uint8Array(4096);
  /** Bytes in use. */
  length = 0;
  /** Where the header of the DATA frame that can still grow begins, or -1. */
  #open = -1;
  /** The connection of that frame. */
  #conn = 0;
  #view = new DataView(this.bytes.buffer);

  /**
   * Appends a whole frame.
   *
   * @param {number} kind one of {@link In}
   * @param {number} [conn]
   * @param {Uint8Array | string} [payload]
   * @param {number} [ticket]
   */
  frame(kind, conn = 0, payload = nothing, ticket = 0) {
    const body = typeof payload === 'string' ? encoder.encode(payload) : payload;
    this.reserve(HEADER + body.length);
    this.#header(kind, conn, body.length, ticket);
    this.bytes.set(body, this.length);
    this.length += body.length;
    this.#open = -1;
  }

  /**
   * Makes the end of the inbox the DATA frame of a connection. The caller appends its bytes, having
   * reserved room for them, and then calls {@link end}.
   *
   * @param {number} conn
   */
  begin(conn) {
    if (this.#open >= 0 && this.#conn === conn) return;
    this.reserve(HEADER);
    this.#open = this.length;
    this.#conn = conn;
    this.#header(In.DATA, conn, 0);
  }

  /** Writes the size of the DATA frame that {@link begin} opened. */
  end() {
    this.#view.setUint32(this.#open + 12, this.length - this.#open - HEADER, true);
  }

  /**
   * Appends bytes that a connection sent.
   *
   * @param {number} conn
   * @param {Uint8Array} data copied
   */
  data(conn, data) {
    this.begin(conn);
    this.reserve(data.length);
    this.bytes.set(data, this.length);
    this.length += data.length;
    this.end();
  }

  /**
   * Makes room for more bytes.
   *
   * @param {number} more
   */
  reserve(more) {
    const need = this.length + more;
    if (need <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(need, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /**
   * Empties the inbox.
   *
   * @returns {Uint8Array<ArrayBuffer>} its frames, valid until the next frame is appended
   */
  take() {
    const frames = this.bytes.subarray(0, this.length);
    this.clear();
    return frames;
  }

  /** Empties the inbox. What {@link bytes} was stays valid until the next frame is appended. */
  clear() {
    this.length = 0;
    this.#open = -1;
    if (this.bytes.length <= 1 << 20) return;
    // A large value must not keep its room for ever.
    this.bytes = new Uint8Array(4096);
    this.#view = new DataView(this.bytes.buffer);
  }

  /**
   * @param {number} kind
   * @param {number} conn
   * @param {number} size
   * @param {number} [ticket]
   */
  #header(kind, conn, size, ticket = 0) {
    const at = this.length;
    this.#view.setUint32(at, kind, true);
    this.#view.setUint32(at + 4, conn, true);
    this.#view.setUint32(at + 8, ticket, true);
    this.#view.setUint32(at + 12, size, true);
    this.length = at + HEADER;
  }
}

/**
 * Calls a function for each frame.
 *
 * @param {Uint8Array} bytes
 * @param {(kind: number, conn: number, ticket: number, bytes: Uint8Array, from: number, to: number)
 *   => void} each gets the same bytes, and where in them the payload is
 * @param {number} [from] where in bytes the frames begin
 * @param {number} [to] where they end
 */
export function readFrames(bytes, each, from = 0, to = bytes.length) {
  for (let at = from; at < to;) {
    const start = at + HEADER;
    if (start > to) throw new RangeError('redlet: a frame is cut off');
    const end = start + u32(bytes, at + 12);
    if (end > to) throw new RangeError('redlet: a frame is cut off');
    each(u32(bytes, at), u32(bytes, at + 4), u32(bytes, at + 8), bytes, start, end);
    at = end;
  }
}

/**
 * Takes the path off the payload of an event that has one.
 *
 * @param {Uint8Array} payload offset (u64), length of the path (u32), path, data
 * @returns {{ path: string, offset: number, data: Uint8Array }} data lies within the payload
 */
export function cutPath(payload) {
  const end = 12 + u32(payload, 8);
  return {
    path: decoder.decode(payload.subarray(12, end)),
    offset: u32(payload, 0) + u32(payload, 4) * 2 ** 32,
    data: payload.subarray(end),
  };
}

/**
 * Reads a little-endian number; by hand, since making a DataView takes as long as a short step.
 *
 * @param {any} bytes
 * @param {number} at
 */
function u32(bytes, at) {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/**
 * The payload of a CONFIGURE frame.
 *
 * @param {Uint8Array} seed 32 bytes
 * @param {Record<string, string | number | boolean>} config
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function configuration(seed, config) {
  let text = '';
  for (const [name, value] of Object.entries(config)) {
    if (!/^[\w.-]+$/.test(name)) throw new TypeError(`redlet: no parameter can be named '${name}'`);
    text += `${name} ${quote(value)}\n`;
  }
  const lines = encoder.encode(text);
  const payload = new Uint8Array(seed.length + lines.length);
  payload.set(seed);
  payload.set(lines, seed.length);
  return payload;
}

/**
 * Quotes a value as redis.conf does, where it needs that.
 *
 * @param {string | number | boolean} value true and false become yes and no
 */
function quote(value) {
  const text = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
  return /^[\w./:-]+$/.test(text) ? text : repr(toBinary(text));
}
