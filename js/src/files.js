/**
 * The verbs with which an engine reads and writes its files.
 *
 * @module
 */

import { In, Out, cutPath } from './abi.js';
import { messageOf } from './message.js';

/**
 * What carries the verbs out. Paths are those of the engine: the parameter `dir` and a name. What
 * fails throws, or rejects, with an error whose message is in the system's words.
 *
 * - `read` gives the size of the whole file, 8 bytes in little-endian order, and then a piece of it
 *   from offset on; undefined if there is no such file. Of a folder it says `Is a directory`.
 * - `append` appends before it returns; data is lent for the call. What could not be appended is
 *   kept, to be written before what comes next. True says that after a failure all has been
 *   appended.
 * - `sync` makes durable what was appended.
 * - `replace` puts data in the place of the file.
 * - `remove` removes the file, if there is one.
 * - `close` makes durable what was appended, and closes the files.
 *
 * Where files can be had only later, these may give promises: {@link FiledHost} waits for them.
 *
 * @typedef {object} Files
 * @property {(path: string, offset: number) => Later<Uint8Array | undefined>} read
 * @property {(path: string, data: Uint8Array) => Later<boolean>} append
 * @property {(path: string) => Promise<void>} sync
 * @property {(path: string, data: Uint8Array) => Promise<void>} replace
 * @property {(path: string) => Later<void>} remove
 * @property {() => void} close
 */
/**
 * @template T
 * @typedef {T | Promise<T>} Later
 */

/**
 * What the verbs need of the engine: a number that is another after its death, a way to answer, and
 * to hear of an image of all data that was written.
 *
 * @typedef {object} Asker
 * @property {() => number} life
 * @property {(kind: number, payload: Uint8Array | string, ticket: number) => void} answer
 * @property {(image: Uint8Array) => void} written
 */

/** @param {number} kind of an event */
export function isVerb(kind) {
  return kind >= Out.READ && kind <= Out.REMOVE;
}

/** Carries out the events that are verbs, and tells the engine how that went. */
export class Verbs {
  #files;
  #asker;

  /**
   * @param {Files} files
   * @param {Asker} asker
   */
  constructor(files, asker) {
    this.#files = files;
    this.#asker = asker;
  }

  /**
   * @param {number} kind
   * @param {number} ticket
   * @param {Uint8Array} payload lent for the call
   * @returns {Promise<void> | undefined} resolves when it is done, if it is not yet
   */
  carryOut(kind, ticket, payload) {
    const life = this.#asker.life();
    /** @type {(result: any) => void} */
    const done = (result) => {
      if (life === this.#asker.life() && life > 0) this.#tell(kind, ticket, result);
    };
    /** @type {(error: unknown) => void} */
    const failed = (error) => {
      if (life !== this.#asker.life() || life === 0) return;
      const answer = kind === Out.APPEND ? In.APPENDED : In.DONE;
      this.#asker.answer(answer, messageOf(error), ticket);
    };
    try {
      const result = this.#begin(kind, payload);
      if (result instanceof Promise) return result.then(done, failed);
      done(result);
    } catch (error) {
      failed(error);
    }
    return undefined;
  }

  /**
   * @param {number} kind
   * @param {Uint8Array} payload
   * @returns {Later<any>}
   */
  #begin(kind, payload) {
    const { path, offset, data } = cutPath(payload);
    if (kind === Out.APPEND) return this.#files.append(path, data);
    if (kind === Out.READ) return this.#files.read(path, offset);
    if (kind === Out.REMOVE) return this.#files.remove(path);
    return kind === Out.SYNC ? this.#files.sync(path) : this.#replace(path, data);
  }

  /**
   * @param {number} kind
   * @param {number} ticket
   * @param {any} result
   */
  #tell(kind, ticket, result) {
    const { answer } = this.#asker;
    if (kind === Out.READ) answer(result ? In.CONTENT : In.ABSENT, result ?? '', ticket);
    else if (kind !== Out.APPEND) answer(In.DONE, '', ticket);
    else if (result) answer(In.APPENDED, '', ticket);
  }

  /**
   * @param {string} path
   * @param {Uint8Array} lent until the first wait
   */
  async #replace(path, lent) {
    const data = lent.slice();
    await this.#files.replace(path, data);
    if (isImage(data)) this.#asker.written(data);
  }
}

/** @param {Uint8Array} data */
function isImage(data) {
  return String.fromCharCode(...data.subarray(0, 5)) === 'REDIS';
}

/**
 * Stands for files where there are none: SAVE may still have somewhere to go.
 *
 * @implements {Files}
 */
export class NoFiles {
  #onsave;

  /** @param {((path: string, image: Uint8Array) => unknown) | undefined} onsave */
  constructor(onsave) {
    this.#onsave = onsave;
  }

  /** @returns {never} */
  read() {
    throw new Error('redlet was opened without files');
  }

  /** @returns {never} */
  append() {
    throw new Error('redlet was opened without files');
  }

  async sync() {}

  /**
   * @param {string} path
   * @param {Uint8Array} image
   */
  async replace(path, image) {
    if (!this.#onsave) throw new Error('redlet was opened without onsave');
    await this.#onsave(path, image);
  }

  remove() {}

  close() {}
}
