/**
 * Files on the file system of Node, Bun and Deno.
 *
 * @module
 */

import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';

import { messageOf } from '../message.js';
import { replaceFile } from './save.js';

/** How much is read at a time. */
const READ_MAX = 1 << 20;

/** To read, without waiting for whoever should write to a pipe. */
const READING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * A file that is being appended to.
 *
 * @typedef {object} Appended
 * @property {number} fd -1 if it could not be opened
 * @property {number} size what of it is good
 * @property {Uint8Array} pending what could not be appended yet
 * @property {boolean} failing whether the last attempt failed
 */

/** @import { Files } from '../files.js' */

/** @implements {Files} */
export class NodeFiles {
  /** @type {Map<string, Appended>} */
  #open = new Map();

  /** @param {string} dir the parameter of that name: a folder that is there */
  constructor(dir) {
    worded(() => {
      if (!statSync(dir).isDirectory()) throw new Error('Not a directory');
    }, 'redlet: dir: ');
  }

  /**
   * @param {string} path
   * @param {number} offset
   */
  read(path, offset) {
    return worded(() => {
      let fd;
      try {
        fd = openSync(path, READING);
      } catch (error) {
        if (code(error) === 'ENOENT') return undefined;
        throw error;
      }
      try {
        const info = fstatSync(fd);
        if (info.isDirectory()) throw new Error('Is a directory');
        const { size } = info;
        const piece = new Uint8Array(8 + Math.max(0, Math.min(READ_MAX, size - offset)));
        new DataView(piece.buffer).setBigUint64(0, BigInt(size), true);
        return piece.subarray(0, 8 + readSync(fd, piece, 8, piece.length - 8, offset));
      } finally {
        closeSync(fd);
      }
    });
  }

  /**
   * @param {string} path
   * @param {Uint8Array} data
   */
  append(path, data) {
    let file = this.#open.get(path);
    if (!file) {
      file = { fd: -1, size: 0, pending: new Uint8Array(0), failing: false };
      this.#open.set(path, file);
    }
    return attempt(path, file, data);
  }

  /**
   * @param {string} path
   * @returns {Promise<void>}
   */
  async sync(path) {
    const file = this.#open.get(path);
    if (!file) return;
    if (file.failing) attempt(path, file, new Uint8Array(0));
    await new Promise((done, failed) => {
      fsync(file.fd, (error) => {
        // One that has been closed was made durable then, or is given up.
        if (error && code(error) !== 'EBADF') failed(wording(error));
        else done(undefined);
      });
    });
  }

  /**
   * @param {string} path
   * @param {Uint8Array} data
   */
  async replace(path, data) {
    this.#drop(path);
    try {
      await replaceFile(resolve(path), data);
    } catch (error) {
      throw wording(error);
    }
  }

  /** @param {string} path */
  remove(path) {
    this.#drop(path);
    worded(() => rmSync(path, { force: true }));
  }

  close() {
    for (const [path, file] of this.#open) {
      try {
        if (file.failing) attempt(path, file, new Uint8Array(0));
        fsyncSync(file.fd);
      } catch {
        // There is nobody left to tell; what was acknowledged is in the system's hands.
      }
      this.#drop(path);
    }
  }

  /** @param {string} path */
  #drop(path) {
    const file = this.#open.get(path);
    this.#open.delete(path);
    if (file && file.fd >= 0) closeSync(file.fd);
  }
}

/**
 * Appends what could not be appended before, and data. When it throws, the file holds what it held
 * before.
 *
 * @param {string} path
 * @param {Appended} file
 * @param {Uint8Array} data
 * @returns {boolean} whether that was different the last time
 */
function attempt(path, file, data) {
  let rest = data;
  if (file.pending.length > 0) {
    rest = new Uint8Array(file.pending.length + data.length);
    rest.set(file.pending);
    rest.set(data, file.pending.length);
  }
  const failed = file.failing;
  let written = 0;
  try {
    worded(() => {
      if (file.fd < 0) {
        file.fd = openAppending(path);
        file.size = fstatSync(file.fd).size;
      }
      while (written < rest.length) written += writeSync(file.fd, rest, written);
    });
  } catch (error) {
    file.failing = true;
    if (written > 0 && !cutBack(file)) {
      file.size += written;
      rest = rest.subarray(written);
    }
    file.pending = rest.slice();
    throw error;
  }
  file.size += written;
  file.pending = new Uint8Array(0);
  file.failing = false;
  return failed;
}

/**
 * Opens a file to append to. It makes the folder that the file lies in, but none above that.
 *
 * @param {string} path
 */
function openAppending(path) {
  try {
    return openSync(path, 'a', 0o644);
  } catch (error) {
    if (code(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path));
    return openSync(path, 'a', 0o644);
  }
}

/** @param {Appended} file */
function cutBack(file) {
  try {
    ftruncateSync(file.fd, file.size);
    return true;
  } catch {
    return false;
  }
}

/**
 * @template T
 * @param {() => T} f
 * @param {string} [before]
 * @returns {T}
 */
function worded(f, before = '') {
  try {
    return f();
  } catch (error) {
    throw wording(error, before);
  }
}

/**
 * An error of the system in the words of C, without the path.
 *
 * @param {unknown} error
 * @param {string} [before]
 */
export function wording(error, before = '') {
  const message = messageOf(error);
  const [, words = message] = /^[A-Z0-9]+: ([^,]*)/.exec(message) ?? [];
  return new Error(before + words.charAt(0).toUpperCase() + words.slice(1));
}

/** @param {unknown} error */
function code(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
