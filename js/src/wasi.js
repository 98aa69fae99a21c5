/**
 * The few functions of WASI that the guest imports. None of them reaches outside: the guest has no
 * files and no arguments, and in its environment nothing but its limit of memory.
 *
 * @module
 */

import { elapsed, now } from './time.js';

const OK = 0;
const EBADF = 8;

/** Thrown when the guest ends itself, as Go does after a panic. */
export class GuestExit extends Error {
  /** @param {number} code */
  constructor(code) {
    super(`the guest ended itself with code ${code}`);
    this.name = 'GuestExit';
  }
}

/**
 * Makes the imports of a guest.
 *
 * @param {WebAssembly.Module} module whose imports are to be met; those of files answer that there
 *   are none
 * @param {() => ArrayBuffer} buffer the guest's memory as it is now
 * @param {(text: string) => void} print gets what the guest writes to standard error
 * @param {string} variable the guest's environment, `NAME=value`
 * @returns {WebAssembly.Imports}
 */
export function wasi(module, buffer, print, variable) {
  const decoder = new TextDecoder();
  const view = () => new DataView(buffer());
  /** @type {Record<string, Function>} */
  const functions = {
    args_get: () => OK,
    args_sizes_get: twoZeros,
    ...environment(view, variable),
    sched_yield: () => OK,
    clock_time_get: clockTime,
    random_get: randomBytes,
    fd_write: write,
    poll_oneoff: poll,
    proc_exit: (/** @type {number} */ code) => {
      throw new GuestExit(code);
    },
  };

  /** @type {WebAssembly.ModuleImports} */
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from !== 'wasi_snapshot_preview1')
      throw new TypeError(`redlet: unknown import ${from}.${name}`);
    imports[name] = functions[name] ?? (() => EBADF);
  }
  return { wasi_snapshot_preview1: imports };

  /** @param {number} first @param {number} second */
  function twoZeros(first, second) {
    view().setUint32(first, 0, true);
    view().setUint32(second, 0, true);
    return OK;
  }

  /** @param {number} clock 0 is the wall's @param {bigint} _precision @param {number} at */
  function clockTime(clock, _precision, at) {
    const ns = (clock === 0 ? now() : elapsed()) * 1e6;
    view().setUint32(at, ns % 2 ** 32, true);
    view().setUint32(at + 4, ns / 2 ** 32, true);
    return OK;
  }

  /** @param {number} at @param {number} size */
  function randomBytes(at, size) {
    for (let done = 0; done < size; done += 65536) {
      crypto.getRandomValues(new Uint8Array(buffer(), at + done, Math.min(65536, size - done)));
    }
    return OK;
  }

  /** @param {number} fd @param {number} vectors @param {number} count @param {number} written */
  function write(fd, vectors, count, written) {
    if (fd !== 1 && fd !== 2) return EBADF;
    const memory = view();
    let total = 0;
    for (let i = 0; i < count; i++) {
      const size = memory.getUint32(vectors + 8 * i + 4, true);
      const at = memory.getUint32(vectors + 8 * i, true);
      print(decoder.decode(new Uint8Array(buffer(), at, size), { stream: true }));
      total += size;
    }
    memory.setUint32(written, total, true);
    return OK;
  }

  /**
   * Every wait is over at once.
   *
   * @param {number} _in
   * @param {number} events
   * @param {number} count
   * @param {number} happened
   */
  function poll(_in, events, count, happened) {
    new Uint8Array(buffer(), events, 32 * count).fill(0);
    view().setUint32(happened, count, true);
    return OK;
  }
}

/**
 * The imports for an environment of one variable.
 *
 * @param {() => DataView} view
 * @param {string} variable
 */
function environment(view, variable) {
  const bytes = new TextEncoder().encode(`${variable}\0`);
  return {
    /** @param {number} count @param {number} size */
    environ_sizes_get(count, size) {
      view().setUint32(count, 1, true);
      view().setUint32(size, bytes.length, true);
      return OK;
    },

    /** @param {number} pointers @param {number} at */
    environ_get(pointers, at) {
      const memory = view();
      memory.setUint32(pointers, at, true);
      new Uint8Array(memory.buffer).set(bytes, at);
      return OK;
    },
  };
}
