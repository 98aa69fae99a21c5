/**
 * A server on node:net.
 *
 * @module
 */

import { createServer } from 'node:net';

import { checkOptions, kinds } from '../options.js';
import { asyncDispose } from '../dispose.js';

/**
 * @typedef {object} ListenOptions
 * @property {number} [port] 0, the default, takes one that is free
 * @property {string} [host] 127.0.0.1 by default
 * @property {string} [path] listens on this unix socket instead
 * @property {boolean} [ipv6Only] whether an IPv6 address takes IPv6 alone; false by default
 */

/** @typedef {import('node:net').Socket} Socket */

/** What `listen` may be told. */
const LISTEN_OPTIONS = {
  port: kinds.count,
  host: kinds.string,
  path: kinds.string,
  ipv6Only: kinds.boolean,
};
/** How much the peer may leave unread before the engine has to keep the rest. */
const UNREAD_MAX = 256 * 1024;
/** After how long a silent peer is asked whether it is there, as redis-server does. */
const KEEP_ALIVE_MS = 300_000;

/** A listening server. */
export class Server {
  #server;
  #sockets;
  #password;

  /**
   * @param {import('node:net').Server} server one that listens
   * @param {Set<Socket>} sockets those that are open
   * @param {string} [password] for the URL
   */
  constructor(server, sockets, password) {
    this.#server = server;
    this.#sockets = sockets;
    this.#password = password;
  }

  /** The port, or 0 for a unix socket. */
  get port() {
    const address = this.#server.address();
    return address && typeof address === 'object' ? address.port : 0;
  }

  /** The address, or the unix socket's path. */
  get host() {
    const address = this.#server.address();
    return address && typeof address === 'object' ? address.address : (address ?? '');
  }

  /** The unix socket's path, or undefined. */
  get path() {
    const address = this.#server.address();
    return typeof address === 'string' ? address : undefined;
  }

  /**
   * What to tell a client: `redis://127.0.0.1:6379`, or `unix:///run/redis.sock`; with the password
   * of the configuration, if it has one: `redis://:secret@127.0.0.1:6379`. Of a unix socket not
   * every client takes a URL: they take {@link path}.
   */
  get url() {
    const password = this.#password ? `:${encodeURIComponent(this.#password)}@` : '';
    if (this.path !== undefined) return `unix://${password}${this.path}`;
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `redis://${password}${host}:${this.port}`;
  }

  /**
   * Stops listening and disconnects the clients. The engine goes on.
   *
   * @returns {Promise<void>}
   */
  close() {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  /** As {@link close}, for `await using`. */
  [asyncDispose]() {
    return this.close();
  }

  /** Lets the process exit although the server listens. */
  unref() {
    this.#server.unref();
    return this;
  }
}

/**
 * Serves an engine. The server closes with the engine.
 *
 * @param {import('../engine.js').Engine} engine
 * @param {ListenOptions} [options]
 * @param {string} [password] for the URL
 * @returns {Promise<Server>}
 */
export async function listen(engine, options = {}, password = '') {
  checkOptions('listen()', options, LISTEN_OPTIONS);
  const { port = 0, host = '127.0.0.1', path, ipv6Only = false } = options;
  /** @type {Set<Socket>} */
  const sockets = new Set();
  const each = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  const server = createServer(each, (socket) => {
    sockets.add(socket);
    engine.hold();
    socket.once('close', () => {
      sockets.delete(socket);
      engine.release();
    });
    carry(socket, (sink) => engine.connect(sink, peer(socket, path)));
  });
  return new Promise((resolve, reject) => {
    if (engine.over) return reject(engine.over);
    server.once('error', reject);
    server.listen(path === undefined ? { port, host, ipv6Only } : { path }, () => {
      server.off('error', reject);
      const served = new Server(server, sockets, password);
      engine.onclose(() => void served.close());
      resolve(served);
    });
  });
}

/**
 * Moves the bytes of one socket.
 *
 * @param {Socket} socket
 * @param {(sink: import('../connection.js').Sink) => import('../connection.js').Connection} open
 */
export function carry(socket, open) {
  let corked = false;
  const connection = open({ data, end });
  socket.on('data', (bytes) => connection.writeLater(/** @type {Buffer} */ (bytes)));
  socket.on('drain', () => {
    if (corked) connection.cork((corked = false));
  });
  socket.on('error', () => {});
  socket.on('close', () => connection.close());

  /** @param {Uint8Array} bytes @param {number} from @param {number} to */
  function data(bytes, from, to) {
    socket.write(Buffer.from(bytes.subarray(from, to)));
    if (corked || socket.writableLength < UNREAD_MAX) return;
    corked = true;
    connection.cork(true);
  }

  /** @param {Error} [error] */
  function end(error) {
    if (error) socket.destroy();
    else socket.end(() => socket.destroy());
  }
}

/**
 * @param {Socket} socket
 * @param {string | undefined} path of the unix socket, if it is one
 */
function peer(socket, path) {
  if (path !== undefined) return { addr: `${path}:0`, laddr: `${path}:0`, unix: true };
  return {
    addr: endpoint(socket.remoteAddress, socket.remotePort),
    laddr: endpoint(socket.localAddress, socket.localPort),
  };
}

/**
 * @param {string | undefined} address
 * @param {number | undefined} port
 */
function endpoint(address = '0.0.0.0', port = 0) {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
