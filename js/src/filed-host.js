/**
 * A host whose files can be had only later, as those of browsers.
 *
 * @module
 */

import { HEADER, Inbox, readFrames } from './abi.js';
import { Verbs, isVerb } from './files.js';
import { Host } from './host.js';
import { enqueue } from './time.js';

/** @typedef {import('./host.js').Listener} Listener */
/** @typedef {import('./host.js').Transport} Transport */

/**
 * Runs guests as a {@link Host} does, and carries out their verbs, in order with all else that they
 * want done: output that follows an append is held back until that is done.
 *
 * @implements {Transport}
 */
export class FiledHost {
  #host;
  #files;
  #verbs;
  #listener;
  #life = 1;
  #closed = false;
  /** What has yet to be done: frames, or why a guest died. */
  /** @type {(Uint8Array<ArrayBuffer> | string)[]} */
  #jobs = [];
  #busy = false;
  #answers = new Inbox();

  /**
   * @param {WebAssembly.Module} module
   * @param {import('./host.js').Pace} pace
   * @param {Listener} listener
   * @param {import('./files.js').Files} files closed with the host
   */
  constructor(module, pace, listener, files) {
    this.#listener = listener;
    this.#files = files;
    this.#verbs = new Verbs(files, {
      life: () => (this.#closed ? 0 : this.#life),
      answer: this.#answer,
      written() {},
    });
    this.#host = new Host(module, pace, {
      output: (bytes, from, to) => this.#take(bytes.slice(from, to)),
      died: (why) => this.#take(why),
      failed: (why) => listener.failed(why),
    });
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {number} size
   * @param {number} life
   */
  post(bytes, size, life) {
    this.#host.post(bytes, size, life);
  }

  turn() {
    return this.#host.turn();
  }

  /** @param {boolean} on */
  hold(on) {
    this.#host.hold(on);
  }

  /** @returns {Promise<never>} */
  fork() {
    return Promise.reject(new Error('redlet: an engine that keeps files is not forked'));
  }

  close() {
    this.#closed = true;
    this.#host.close();
    void this.#files.close();
  }

  /** @param {Uint8Array<ArrayBuffer> | string} job */
  #take(job) {
    this.#jobs.push(job);
    if (!this.#busy) void this.#work();
  }

  async #work() {
    this.#busy = true;
    for (let job; (job = this.#jobs.shift()) !== undefined && !this.#closed;) {
      if (typeof job === 'string') {
        this.#life++;
        this.#answers.clear();
        this.#listener.died(job);
      } else {
        await this.#carryOut(job);
      }
    }
    this.#busy = false;
  }

  /**
   * Carries the verbs out and hands the rest on.
   *
   * @param {Uint8Array<ArrayBuffer>} frames
   */
  async #carryOut(frames) {
    /** @type {[kind: number, ticket: number, from: number, to: number][]} */
    const verbs = [];
    readFrames(frames, (kind, _conn, ticket, _bytes, from, to) => {
      if (isVerb(kind)) verbs.push([kind, ticket, from, to]);
    });
    let done = 0;
    const handOn = (/** @type {number} */ to) => {
      if (to > done) this.#listener.output(frames, done, to);
    };
    for (const [kind, ticket, from, to] of verbs) {
      handOn(from - HEADER);
      done = to;
      const later = this.#verbs.carryOut(kind, ticket, frames.subarray(from, to));
      if (later) await later;
      if (this.#closed) return;
    }
    handOn(frames.length);
  }

  /** @type {(kind: number, payload: Uint8Array | string, ticket: number) => void} */
  #answer = (kind, payload, ticket) => {
    if (ticket === 0) return;
    if (this.#answers.length === 0) enqueue(this.#send);
    this.#answers.frame(kind, 0, payload, ticket);
  };

  #send = () => {
    const { bytes, length } = this.#answers;
    if (length === 0 || this.#closed) return;
    this.#answers.clear();
    this.#host.post(bytes, length, this.#life);
  };
}
