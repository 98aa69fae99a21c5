/**
 * Connections that the engine asks for, on node:net or through a WebSocket.
 *
 * @module
 */

import { connect } from 'node:net';

import { dial as dialWebSocket, isWebSocket } from '../websocket.js';
import { carry } from './listen.js';

/** How long a connection may take to stand. */
const CONNECT_MS = 5000;

/**
 * @type {import('../engine.js').Dial}
 */
export function dial(address) {
  if (isWebSocket(address)) return dialWebSocket(address);
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(address.slice(colon + 1)), noDelay: true });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`connect ETIMEDOUT ${address}`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve((open) => carry(socket, open));
    });
  });
}
