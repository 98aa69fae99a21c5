/**
 * What runs in the Worker: the host of the engine. Frames come in as messages, frames go out as
 * messages.
 *
 * @module
 */

import { Guest } from './guest.js';
import { FiledHost } from './filed-host.js';
import { Hub } from './hub.js';
import { Host } from './host.js';
import { Member } from './member.js';
import { messageOf } from './message.js';
import { openPageFiles } from './page-files.js';
import { compile, MissingError } from './wasm.js';

/**
 * The scope of a worker, as far as it is needed here.
 *
 * @typedef {object} Scope
 * @property {(message: unknown, transfer?: Transferable[]) => void} postMessage
 * @property {((event: { data: any }) => void) | null} onmessage
 */

const scope = /** @type {Scope} */ (/** @type {unknown} */ (globalThis));

/** @type {Host | undefined} */
let running;
/** @type {Member | undefined} in place of it, where data are kept */
let member;
/** @type {any[]} what came before it ran */
const early = [];

scope.onmessage = ({ data }) => {
  if (data.wasm) void start(data);
  else if (member) member.receive(data);
  else if (running) receive(running, data);
  else early.push(data);
};
scope.postMessage({ loaded: true });

/**
 * @param {Host} started
 * @param {any} data
 */
function receive(started, data) {
  if (data.frames) started.post(data.frames, data.frames.length, data.life);
  if (data.fork) copy(started);
  if (data.turn) void started.turn().then(() => scope.postMessage({ turned: true }));
}

/** @param {Host} started whose guest is copied for another worker */
function copy(started) {
  const { module, image } = started.image() ?? {};
  if (!image) return scope.postMessage({ uncopied: 'redlet: there is no engine to fork' });
  const pieces = image.pieces.map(({ at, bytes }) => ({ at, bytes: bytes.slice() }));
  const message = { copy: { module, image: { ...image, pieces } } };
  scope.postMessage(
    message,
    pieces.map(({ bytes }) => bytes.buffer),
  );
}

/**
 * @param {{ wasm: import('./wasm.js').WasmSource, memoryMax: number | undefined,
 *   image?: import('./guest.js').Image, dir?: string }} setup
 */
async function start({ wasm, memoryMax, image, dir }) {
  try {
    const module = await compile(wasm, (url) => fetch(url));
    const listener = {
      output: (/** @type {Uint8Array} */ bytes, /** @type {number} */ from, to = 0) => {
        const output = bytes.slice(from, to);
        scope.postMessage({ output }, [output.buffer]);
      },
      died: (/** @type {string} */ why) => scope.postMessage({ died: why }),
      failed: (/** @type {string} */ why) => scope.postMessage({ failed: why }),
    };
    if (dir !== undefined) return share(dir, module, memoryMax);
    const guest = Guest.start(module, memoryMax, image);
    running = new Host(module, { memoryMax }, listener, guest);
    for (const data of early.splice(0)) receive(running, data);
  } catch (error) {
    scope.postMessage({ failed: messageOf(error), missing: error instanceof MissingError });
  }
}

/**
 * Has part in the engine of all tabs that keep their data there.
 *
 * @param {string} dir
 * @param {WebAssembly.Module} module
 * @param {number | undefined} memoryMax
 */
function share(dir, module, memoryMax) {
  if (!globalThis.navigator?.locks)
    throw new Error('redlet: dir: pages keep data only if they come by https, or from localhost');
  const lead = async () => {
    const files = await openPageFiles(dir);
    return new Hub((listener) => new FiledHost(module, { memoryMax }, listener, files));
  };
  const joined = new Member(dir, lead, (message) => scope.postMessage(message));
  member = joined;
  for (const data of early.splice(0)) joined.receive(data);
}
