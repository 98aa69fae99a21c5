/**
 * Files in a browser: in the site's private file system where a worker can write there at once, and
 * in a database elsewhere. The first is Chromium's, Firefox' and Safari's.
 *
 * @module
 */

import { messageOf } from './message.js';
import { setTimer } from './time.js';

/** How long a worker that has ended may still hold a file, and how often it is tried. */
const TRIES = 150;
const TRY_MS = 20;
/** How much is read at a time. */
const READ_MAX = 1 << 20;
/** A file that is being written to take another's place. */
const TEMPORARY = '.tmp';

const NOTHING = new Uint8Array(0);

/** @typedef {import('./files.js').Files} Files */

/**
 * Opens the files of a name, which nobody else may have open.
 *
 * @param {string} dir
 * @returns {Promise<Files>}
 */
export async function openPageFiles(dir) {
  return new PageFiles(hasFileSystem() ? await OpfsStore.open(dir) : await IdbStore.open(dir));
}

/** Whether files can be appended to at once, and take the place of others. */
function hasFileSystem() {
  const { prototype } = /** @type {any} */ (globalThis).FileSystemFileHandle ?? {};
  return Boolean(prototype?.createSyncAccessHandle && prototype.move);
}

/**
 * Where the bytes go.
 *
 * @typedef {object} Store
 * @property {(path: string) => Promise<Uint8Array<ArrayBuffer> | undefined>} load the whole file
 * @property {(path: string, data: Uint8Array) => Promise<void> | void} append all or nothing
 * @property {(path: string) => Promise<void>} sync
 * @property {(path: string, data: Uint8Array) => Promise<void>} replace
 * @property {(path: string) => Promise<void>} remove
 * @property {() => void} close
 */

/** @implements {Files} */
class PageFiles {
  #store;
  /** @type {Map<string, Uint8Array>} what could not be appended yet, by path */
  #pending = new Map();
  /** The file that is being read, piece by piece. */
  #reading = { path: '', bytes: NOTHING };

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * @param {string} path
   * @param {number} offset
   */
  async read(path, offset) {
    if (offset === 0 || this.#reading.path !== path) {
      const bytes = await this.#store.load(path);
      if (!bytes) return undefined;
      this.#reading = { path, bytes };
    }
    const { bytes } = this.#reading;
    const piece = bytes.subarray(offset, offset + READ_MAX);
    const content = new Uint8Array(8 + piece.length);
    new DataView(content.buffer).setBigUint64(0, BigInt(bytes.length), true);
    content.set(piece, 8);
    if (piece.length === 0) this.#forget();
    return content;
  }

  /**
   * @param {string} path
   * @param {Uint8Array} data
   */
  async append(path, data) {
    this.#forget();
    const kept = this.#pending.get(path);
    const bytes = kept ? joined(kept, data) : data;
    try {
      const later = this.#store.append(path, bytes);
      if (later) await later;
    } catch (error) {
      this.#pending.set(path, bytes.slice());
      throw wording(error);
    }
    return this.#pending.delete(path);
  }

  /** @param {string} path */
  async sync(path) {
    if (this.#pending.has(path)) await this.append(path, NOTHING);
    await worded(this.#store.sync(path));
  }

  /**
   * @param {string} path
   * @param {Uint8Array} data
   */
  async replace(path, data) {
    this.#forget();
    this.#pending.delete(path);
    await worded(this.#store.replace(path, data));
  }

  /** @param {string} path */
  async remove(path) {
    this.#forget();
    this.#pending.delete(path);
    await worded(this.#store.remove(path));
  }

  close() {
    this.#store.close();
  }

  #forget() {
    this.#reading = { path: '', bytes: NOTHING };
  }
}

/**
 * The site's private file system. Of each path there is a file, all in one folder, which stays open
 * once it has been used.
 *
 * @implements {Store}
 */
class OpfsStore {
  #folder;
  /** @type {Map<string, { handle: any, size: number }>} */
  #open = new Map();

  /** @param {any} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /** @param {string} dir */
  static async open(dir) {
    const root = await navigator.storage.getDirectory();
    const all = await root.getDirectoryHandle('redlet', { create: true });
    const folder = await all.getDirectoryHandle(encodeURIComponent(dir), { create: true });
    for await (const name of /** @type {any} */ (folder).keys()) {
      if (name.endsWith(TEMPORARY)) await folder.removeEntry(name);
    }
    return new OpfsStore(folder);
  }

  /** @param {string} path */
  async load(path) {
    const file = await this.#file(path, false);
    if (!file) return undefined;
    const bytes = new Uint8Array(file.size);
    return bytes.subarray(0, file.handle.read(bytes, { at: 0 }));
  }

  /**
   * @param {string} path
   * @param {Uint8Array} data
   */
  append(path, data) {
    const file = this.#open.get(path);
    if (file) return write(file, data);
    return this.#file(path, true).then((made) => write(made, data));
  }

  /** @param {string} path */
  async sync(path) {
    this.#open.get(path)?.handle.flush();
  }

  /**
   * @param {string} path
   * @param {Uint8Array} data
   */
  async replace(path, data) {
    const temporary = path + TEMPORARY;
    const file = /** @type {any} */ (await this.#file(temporary, true));
    try {
      file.handle.truncate((file.size = 0));
      write(file, data);
      file.handle.flush();
    } finally {
      this.#close(temporary);
    }
    this.#close(path);
    const moved = await this.#folder.getFileHandle(encodeURIComponent(temporary));
    await moved.move(encodeURIComponent(path));
  }

  /** @param {string} path */
  async remove(path) {
    this.#close(path);
    await this.#folder.removeEntry(encodeURIComponent(path)).catch(unlessMissing);
  }

  close() {
    for (const [path, { handle }] of [...this.#open]) {
      handle.flush();
      this.#close(path);
    }
  }

  /**
   * @param {string} path
   * @param {boolean} create
   */
  async #file(path, create) {
    const known = this.#open.get(path);
    if (known) return known;
    const name = encodeURIComponent(path);
    const entry = await this.#folder.getFileHandle(name, { create }).catch(unlessMissing);
    if (!entry) return undefined;
    const handle = await handleOf(entry);
    const file = { handle, size: handle.getSize() };
    this.#open.set(path, file);
    return file;
  }

  /** @param {string} path */
  #close(path) {
    this.#open.get(path)?.handle.close();
    this.#open.delete(path);
  }
}

/** @param {any} entry of a file, which one worker at a time may hold */
async function handleOf(entry) {
  for (let tries = 1; ; tries++) {
    try {
      return await entry.createSyncAccessHandle();
    } catch (error) {
      const isHeld = /** @type {any} */ (error).name === 'NoModificationAllowedError';
      if (!isHeld || tries === TRIES) throw error;
      await new Promise((resolve) => setTimer(() => resolve(undefined), TRY_MS));
    }
  }
}

/**
 * Appends, or cuts back to what was there before.
 *
 * @param {any} file
 * @param {Uint8Array} data
 */
function write(file, data) {
  let written = 0;
  try {
    while (written < data.length) {
      written += file.handle.write(data.subarray(written), { at: file.size + written });
    }
  } catch (error) {
    file.handle.truncate(file.size);
    throw error;
  }
  file.size += data.length;
}

/**
 * A database, which keeps each file in the pieces that were appended.
 *
 * @implements {Store}
 */
class IdbStore {
  /** @type {IDBDatabase} */
  #database;
  /** @type {Map<string, number>} the number of the next piece, by path */
  #next = new Map();

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.#database = database;
  }

  /** @param {string} dir */
  static async open(dir) {
    const opening = globalThis.indexedDB.open(`redlet ${dir}`, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('pieces');
    const store = new IdbStore(await answer(opening));
    for (const key of await answer(store.#pieces('readonly').getAllKeys())) {
      const [path, number] = /** @type {[string, number]} */ (key);
      store.#next.set(path, number + 1);
    }
    return store;
  }

  /** @param {string} path */
  async load(path) {
    if (!this.#next.has(path)) return undefined;
    const pieces = await answer(this.#pieces('readonly').getAll(range(path)));
    const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /**
   * @param {string} path
   * @param {Uint8Array} data
   */
  async append(path, data) {
    const number = this.#next.get(path) ?? 0;
    const pieces = this.#pieces('readwrite');
    pieces.put(data.slice(), [path, number]);
    await committed(pieces);
    this.#next.set(path, number + 1);
  }

  /** @param {string} path */
  async sync(path) {
    const next = this.#next.get(path);
    if (next === undefined) return;
    const pieces = this.#pieces('readwrite', 'strict');
    pieces.put(NOTHING, [path, next]);
    pieces.delete([path, next]);
    await committed(pieces);
  }

  /**
   * @param {string} path
   * @param {Uint8Array} data
   */
  async replace(path, data) {
    const pieces = this.#pieces('readwrite', 'strict');
    pieces.delete(range(path));
    pieces.put(data.slice(), [path, 0]);
    await committed(pieces);
    this.#next.set(path, 1);
  }

  /** @param {string} path */
  async remove(path) {
    const pieces = this.#pieces('readwrite');
    pieces.delete(range(path));
    await committed(pieces);
    this.#next.delete(path);
  }

  close() {
    this.#database.close();
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {IDBTransactionDurability} [durability]
   */
  #pieces(mode, durability = 'relaxed') {
    return this.#database.transaction('pieces', mode, { durability }).objectStore('pieces');
  }
}

/** @param {string} path */
function range(path) {
  return globalThis.IDBKeyRange.bound([path], [path, Infinity]);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {IDBObjectStore} store
 * @returns {Promise<void>}
 */
function committed({ transaction }) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    transaction.commit();
  });
}

/** @param {any} error */
function unlessMissing(error) {
  if (error.name !== 'NotFoundError') throw error;
}

/**
 * @param {Uint8Array} first
 * @param {Uint8Array} second
 */
function joined(first, second) {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** @param {Promise<void>} done */
async function worded(done) {
  try {
    await done;
  } catch (error) {
    throw wording(error);
  }
}

/**
 * An error in the words of C, where there are some.
 *
 * @param {any} error
 */
function wording(error) {
  return error?.name === 'QuotaExceededError'
    ? new Error('No space left on device')
    : new Error(messageOf(error));
}
