/**
 * A server elsewhere, in an engine's place: each connection is a WebSocket to it.
 *
 * @module
 */

import { In, Inbox, Out, readFrames } from '../src/abi.js';
import { Redlet, engineOf } from '../src/redlet.js';

/** @typedef {import('../src/host.js').Listener} Listener */
/** @typedef {import('../src/host.js').Transport} Transport */

/**
 * Connects to a server.
 *
 * @param {string} url of its WebSocket port
 * @param {() => void} onlost is called when it cannot be reached any more
 * @returns {Promise<Redlet>}
 */
export function connectTo(url, onlost) {
  const options = {};
  const start = (/** @type {Listener} */ listener) => new Remote(url, listener, onlost);
  return new Redlet(engineOf(start, options), options).ready();
}

/** @implements {Transport} */
class Remote {
  #url;
  #listener;
  #onlost;
  /** @type {Map<number, WebSocket>} */
  #sockets = new Map();
  #out = new Inbox();

  /**
   * @param {string} url
   * @param {Listener} listener
   * @param {() => void} onlost
   */
  constructor(url, listener, onlost) {
    this.#url = url;
    this.#listener = listener;
    this.#onlost = onlost;
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {number} size
   */
  post(bytes, size) {
    readFrames(
      bytes,
      (kind, conn, ticket, all, from, to) => this.#take(kind, conn, ticket, all.slice(from, to)),
      0,
      size,
    );
  }

  /**
   * @param {number} kind
   * @param {number} conn
   * @param {number} ticket
   * @param {Uint8Array<ArrayBuffer>} payload
   */
  #take(kind, conn, ticket, payload) {
    if (kind === In.OPEN) this.#open(conn);
    else if (kind === In.DATA) this.#send(conn, payload);
    else if (kind === In.CLOSE) this.#close(conn);
    else if (kind === In.CONFIGURE) this.#tell(Out.CONFIGURED, 0, '', ticket);
    else if (kind === In.SNAPSHOT) this.#tell(Out.SNAPSHOT, 0, '', ticket);
    else if (kind === In.RESTORE) this.#tell(Out.RESTORED, 0, 'the server is elsewhere', ticket);
    else if (kind === In.CONTROL) this.#tell(Out.CONTROLLED, 0, '-the server is elsewhere', ticket);
  }

  /** @param {number} conn */
  #open(conn) {
    const socket = new WebSocket(this.#url);
    let opened = false;
    socket.binaryType = 'arraybuffer';
    this.#sockets.set(conn, socket);
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = ({ data }) => this.#tell(Out.DATA, conn, new Uint8Array(data));
    socket.onclose = () => {
      if (!this.#sockets.delete(conn)) return;
      this.#tell(Out.HANGUP, conn);
      if (!opened) this.#onlost();
    };
  }

  /**
   * @param {number} conn
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  #send(conn, bytes) {
    const socket = this.#sockets.get(conn);
    if (socket?.readyState === WebSocket.CONNECTING)
      socket.addEventListener('open', () => socket.send(bytes), { once: true });
    else socket?.send(bytes);
  }

  /** @param {number} conn */
  #close(conn) {
    const socket = this.#sockets.get(conn);
    this.#sockets.delete(conn);
    socket?.close();
  }

  /**
   * @param {number} kind
   * @param {number} [conn]
   * @param {Uint8Array | string} [payload]
   * @param {number} [ticket]
   */
  #tell(kind, conn, payload, ticket) {
    if (this.#out.length === 0) queueMicrotask(() => this.#flush());
    this.#out.frame(kind, conn, payload, ticket);
  }

  #flush() {
    const bytes = this.#out.take().slice();
    this.#listener.output(bytes, 0, bytes.length);
  }

  turn() {
    return Promise.resolve();
  }

  hold() {}

  /** @returns {Promise<never>} */
  fork() {
    return Promise.reject(new Error('a server elsewhere is not forked'));
  }

  close() {
    for (const conn of [...this.#sockets.keys()]) this.#close(conn);
  }
}
