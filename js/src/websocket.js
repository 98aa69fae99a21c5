/**
 * Connections that the engine asks for, through a WebSocket: a server's address is then
 * `ws://host:port` or `wss://host:port`, as in `REPLICAOF ws://localhost 6390`.
 *
 * @module
 */

import { dialStreams } from './streams.js';

/** @typedef {import('./engine.js').Dial} Dial */

/** How many bytes may wait to be sent before the engine is told to keep more. */
const WAITING_MAX = 1 << 20;

/** How long to wait for them to go. Nothing tells: a WebSocket has no event for it. */
const WAITING_MS = 20;

/** Whether an address is a WebSocket's. @param {string} address */
export const isWebSocket = (address) => /^wss?:\/\//.test(address);

/** @type {Dial} */
export const dial = dialStreams(open);

/**
 * @param {string} address
 * @returns {Promise<import('./streams.js').DuplexStreams>}
 */
async function open(address) {
  if (!isWebSocket(address)) throw new Error('there are no sockets here: use a ws:// address');
  if (typeof WebSocket === 'undefined') throw new Error('there is no WebSocket here');
  const socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = socket.onclose = () => reject(new Error(`cannot connect to ${address}`));
  });
  return { readable: readableOf(socket), writable: writableOf(socket) };
}

/**
 * @param {WebSocket} socket
 * @returns {ReadableStream<Uint8Array<ArrayBuffer>>}
 */
function readableOf(socket) {
  return new ReadableStream({
    start(controller) {
      socket.onmessage = ({ data }) => controller.enqueue(new Uint8Array(data));
      socket.onerror = null;
      socket.onclose = () => {
        try {
          controller.close();
        } catch {
          // It was cancelled.
        }
      };
    },
    cancel: () => socket.close(),
  });
}

/**
 * @param {WebSocket} socket
 * @returns {WritableStream<Uint8Array>}
 */
function writableOf(socket) {
  return new WritableStream({
    async write(bytes) {
      if (socket.readyState !== WebSocket.OPEN) throw new Error('the WebSocket is closed');
      socket.send(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
      while (socket.bufferedAmount > WAITING_MAX && socket.readyState === WebSocket.OPEN)
        await new Promise((resolve) => setTimeout(resolve, WAITING_MS));
    },
    close: () => socket.close(),
    abort: () => socket.close(),
  });
}
