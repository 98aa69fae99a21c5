/**
 * Compiles the engine's WebAssembly.
 *
 * @module
 */

/**
 * Where the WebAssembly comes from: a compiled module, its bytes, a response that carries it, or
 * where to fetch it.
 *
 * @typedef {WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer> | Response | URL | string}
 *   WasmSource
 */

/**
 * Gets what an address stands for.
 *
 * @typedef {(url: URL) => Promise<Response | Uint8Array<ArrayBuffer>>} Load
 */

/** @type {Map<string, Promise<WebAssembly.Module>>} modules by address: all engines share one */
const compiled = new Map();

/** Where the WebAssembly should be, there is something else, or nothing. */
export class MissingError extends Error {
  /**
   * @param {string} where
   * @param {string} what is there
   */
  constructor(where, what) {
    super(
      `redlet: no WebAssembly at ${where} (${what}): serve the package's redlet.wasm there, or ` +
        "say where it is: open({ wasm: '/redlet.wasm' })",
    );
    this.name = 'MissingError';
  }
}

/**
 * @param {WasmSource | Promise<WasmSource>} source
 * @param {Load} load
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(source, load) {
  const wasm = /** @type {any} */ (await source);
  const kind = typeof wasm === 'string' ? 'URL' : Object.prototype.toString.call(wasm).slice(8, -1);
  // By name, since it may be of another realm.
  if (kind === 'WebAssembly.Module') return wasm;
  if (kind === 'URL') return compileOnce(address(wasm), load);
  if (kind === 'Response') return compileResponse(wasm, wasm.url);
  return WebAssembly.compile(wasm);
}

/**
 * @param {URL | string} source an address; a relative one is relative to the page
 * @returns {URL}
 */
export function address(source) {
  const base = globalThis.location?.href;
  if (base || /^[a-z][a-z\d+.-]+:/i.test(String(source))) return new URL(source, base);
  throw new TypeError(
    `redlet: ${source} is no address: take open({ wasm: new URL('${source}', import.meta.url) })` +
      ", or its bytes: open({ wasm: await readFile('redlet.wasm') })",
  );
}

/**
 * @param {URL} url
 * @param {Load} load
 */
function compileOnce(url, load) {
  const known = compiled.get(url.href);
  if (known) return known;
  const module = fetchAndCompile(url, load);
  compiled.set(url.href, module);
  module.catch(() => compiled.delete(url.href));
  return module;
}

/**
 * @param {URL} url
 * @param {Load} load
 */
async function fetchAndCompile(url, load) {
  let wasm;
  try {
    wasm = await load(url);
  } catch (error) {
    throw new MissingError(url.href, String(error));
  }
  return ArrayBuffer.isView(wasm) ? compileBytes(wasm, url.href) : compileResponse(wasm, url.href);
}

/**
 * @param {Response} response
 * @param {string} where
 */
async function compileResponse(response, where) {
  if (!response.ok) throw new MissingError(where, `${response.status} ${response.statusText}`);
  const streams = response.headers.get('content-type') === 'application/wasm';
  if (streams && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return compileBytes(new Uint8Array(await response.arrayBuffer()), where);
}

/** How WebAssembly begins. */
const MAGIC = '\0asm';

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} where
 */
function compileBytes(bytes, where) {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  // Many servers of single-page applications answer with the page where there is no file.
  if (start !== MAGIC) throw new MissingError(where, 'another file, perhaps a page');
  return WebAssembly.compile(bytes);
}
