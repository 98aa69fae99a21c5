/**
 * What runs in the Worker: the host of the engine. Frames come in as messages, frames go out as
 * messages.
 *
 * @module
 */

import { Host } from './host.js';
import { compile } from './wasm.js';

/**
 * The scope of a worker, as far as it is needed here.
 *
 * @typedef {object} Scope
 * @property {(message: unknown, transfer?: Transferable[]) => void} postMessage
 * @property {((event: { data: any }) => void) | null} onmessage
 */

const scope = /** @type {Scope} */ (/** @type {unknown} */ (globalThis));

/** @type {Promise<Host> | undefined} */
let host;
/** @type {Host | undefined} the same, once it is there */
let running;

scope.onmessage = ({ data }) => {
  if (data.wasm) host = start(data.wasm, data.memoryMax);
  else if (running) receive(running, data);
  else void host?.then((started) => receive(started, data));
};

/**
 * @param {Host} started
 * @param {any} data
 */
function receive(started, data) {
  if (data.frames) started.post(data.frames, data.life);
  if (data.turn) void started.turn().then(() => scope.postMessage({ turned: true }));
}

/**
 * @param {import('./wasm.js').WasmSource} wasm
 * @param {number | undefined} memoryMax
 */
async function start(wasm, memoryMax) {
  try {
    const module = await compile(wasm, (url) => fetch(url));
    running = new Host(module, () => Date.now(), memoryMax, {
      output: (frames) => {
        const output = frames.slice();
        scope.postMessage({ output }, [output.buffer]);
      },
      died: (why) => scope.postMessage({ died: why }),
      failed: (why) => scope.postMessage({ failed: why }),
    });
    return running;
  } catch (error) {
    scope.postMessage({ failed: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}
