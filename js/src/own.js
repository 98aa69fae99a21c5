/**
 * The package's own engine: the file redlet.wasm or, where a bundler has left that behind, a copy
 * of it within JavaScript.
 *
 * @module
 */

import { address, compile, MissingError } from './wasm.js';

/** @type {Promise<WebAssembly.Module> | undefined} the copy, once it was needed */
let copy;

/**
 * @param {import('./wasm.js').Load} load
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileOwn(load) {
  try {
    return await compile(ownAddress(), load);
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    copy ??= embedded(error).then((bytes) => WebAssembly.compile(bytes));
    copy.catch(() => (copy = undefined));
    return copy;
  }
}

/** Where the file lies: what is written here is what bundlers look for. */
export function ownAddress() {
  try {
    // For servers, webpack makes an address of it that is relative to their site.
    return address(new URL('../redlet.wasm', import.meta.url));
  } catch (error) {
    throw new MissingError('redlet.wasm', String(error));
  }
}

/**
 * The copy's bytes.
 *
 * @param {unknown} why the file cannot be had
 * @returns {Promise<ArrayBuffer>}
 */
export async function embedded(why) {
  const text = await import('../dist/embedded.mjs').then(
    (module) => module.default,
    () => Promise.reject(why),
  );
  const binary = atob(text);
  const packed = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) packed[i] = binary.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}
