/**
 * Connections by node:net to a URL, which an engine in this process answers in the server's place.
 *
 * @module
 */

import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

import { enqueue } from '../time.js';
import { EngineDuplex } from './duplex.js';

/** @typedef {import('../engine.js').Engine} Engine */

/** @type {Map<string, Engine>} by what {@link place} says */
const engines = new Map();
/** An address of this machine: no server has it, and no client needs to look it up. */
const NOBODY = '127.6.37.9';
let latest = 0;
/** What is in place of {@link intercepting} while nothing is intercepted. */
const { connect, createConnection } = net;

/**
 * @param {Engine} engine
 * @param {string} [url] redis://host:port; by default one where nobody is, with the password
 * @param {string} [password] for the URL
 * @returns {{ url: string, close: () => void }} what to tell a client, and what ends it
 */
export function intercept(engine, url, password) {
  if (engine.over) throw engine.over;
  if (url !== undefined && !URL.canParse(url))
    throw new TypeError(`redlet: intercept() takes redis://host:port, not ${url}`);
  const given = new URL(url ?? `redis://${NOBODY}:${++latest}`);
  if (given.protocol !== 'redis:')
    throw new TypeError(`redlet: intercept() takes redis:, not ${given.protocol}`);
  const at = place(given.hostname.replace(/^\[(.*)\]$/, '$1'), given.port || 6379);
  if (engines.has(at)) throw new Error(`redlet: ${at} is intercepted already`);
  if (password && !given.password) given.password = encodeURIComponent(password);
  engines.set(at, engine);
  replace();
  const close = () => {
    if (engines.get(at) === engine) engines.delete(at);
    replace();
  };
  engine.onclose(close);
  return { url: given.href, close };
}

/** Puts {@link intercepting} into node:net as long as there is something to intercept. */
function replace() {
  const own = engines.size > 0;
  if (own || net.connect === intercepting) net.connect = own ? intercepting : connect;
  if (own || net.createConnection === intercepting)
    net.createConnection = own ? intercepting : createConnection;
  syncBuiltinESMExports();
}

/**
 * `net.connect`, but for the places that are intercepted.
 *
 * @param {any[]} args
 * @returns {any}
 */
function intercepting(...args) {
  const [first, second] = args;
  const { path, port, host } =
    typeof first === 'object' ? first : { port: first, host: second, path: undefined };
  const known = path ? undefined : typeof host === 'string' ? host : 'localhost';
  const engine = known && engines.get(place(known, port));
  return engine ? dial(engine, args.at(-1)) : Reflect.apply(connect, net, args);
}

/**
 * @param {Engine} engine
 * @param {unknown} then is called when the connection stands
 */
function dial(engine, then) {
  const stream = new EngineDuplex(engine);
  if (typeof then === 'function') stream.once('connect', /** @type {any} */ (then));
  // As with a socket, whoever asked for it has the time to listen for the event.
  stream.connecting = true;
  enqueue(() => {
    stream.connecting = false;
    if (stream.destroyed) return;
    stream.emit('connect');
    stream.emit('ready');
  });
  return stream;
}

/**
 * @param {string} host
 * @param {string | number} port
 */
function place(host, port) {
  return `${host.toLowerCase()}:${port}`;
}
