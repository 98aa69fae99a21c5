/**
 * Finds and compiles the engine's WebAssembly.
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

/** @type {Map<string, Promise<WebAssembly.Module>>} modules by address: all engines share one */
const compiled = new Map();

/**
 * @param {WasmSource | Promise<WasmSource>} source
 * @param {(url: URL) => Promise<Response | Uint8Array<ArrayBuffer>>} load gets what a URL stands
 *   for
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(source, load) {
  const wasm = await source;
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (wasm instanceof URL || typeof wasm === 'string')
    return compileOnce(new URL(wasm, base()), load);
  if (typeof Response === 'function' && wasm instanceof Response) return compileResponse(wasm);
  return WebAssembly.compile(/** @type {BufferSource} */ (wasm));
}

/** @returns {string | undefined} what a relative address is relative to */
function base() {
  return globalThis.location?.href;
}

/**
 * @param {URL} url
 * @param {(url: URL) => Promise<Response | Uint8Array<ArrayBuffer>>} load
 */
function compileOnce(url, load) {
  const known = compiled.get(url.href);
  if (known) return known;
  const module = load(url).then((wasm) =>
    wasm instanceof Uint8Array ? WebAssembly.compile(wasm) : compileResponse(wasm),
  );
  compiled.set(url.href, module);
  module.catch(() => compiled.delete(url.href));
  return module;
}

/** @param {Response} response */
async function compileResponse(response) {
  if (!response.ok)
    throw new Error(`redlet: ${response.url}: ${response.status} ${response.statusText}`);
  const streams = response.headers.get('content-type') === 'application/wasm';
  if (streams && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
