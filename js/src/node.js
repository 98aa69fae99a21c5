/**
 * redlet in Node, Bun and Deno: an engine in this process, which can also be a server on a port.
 *
 * @module
 */

import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { Host } from './host.js';
import { checkOptions, kinds } from './options.js';
import { OPTIONS, Redlet, engineOf, passwordOf } from './redlet.js';
import { Cluster, connectNodes, joinNodes, nodeConfig } from './node/cluster.js';
import { dial } from './node/dial.js';
import { EngineDuplex } from './node/duplex.js';
import { NodeFiles } from './node/files.js';
import { intercept } from './node/intercept.js';
import { listen } from './node/listen.js';
import { compileOwn } from './own.js';
import { compile } from './wasm.js';

export { Client } from './client.js';
export { EngineError } from './errors.js';
export { ReplyError } from './resp.js';
export { Subscription } from './subscription.js';
export { Cluster, EngineDuplex };
export { saveTo } from './node/save.js';
export { Redlet };

/** @typedef {import('./redlet.js').OpenOptions} OpenOptions */
/** @typedef {import('./node/listen.js').ListenOptions} ListenOptions */
/** @typedef {import('./node/listen.js').Server} Server */

/** A {@link Redlet} with the ways in that Node, Bun and Deno have. */
export class NodeRedlet extends Redlet {
  /**
   * Serves TCP, or a unix socket, to any Redis client.
   *
   * @param {ListenOptions} [options]
   * @returns {Promise<Server>}
   * @example
   * const server = await redis.listen({ port: 0 });
   * console.log(server.url); // redis://127.0.0.1:41873
   */
  listen(options) {
    return listen(this.engine, options, passwordOf(this.options));
  }

  /**
   * Opens a connection as a `node:stream` Duplex that passes for a connected socket, for clients
   * that take one.
   *
   * @param {{ addr?: string }} [peer] the address that CLIENT LIST shows
   * @returns {EngineDuplex}
   */
  duplex(peer) {
    return new EngineDuplex(this.engine, peer);
  }

  /**
   * As {@link listen}, without a socket: the connections that this process makes by node:net to the
   * URL, as clients of Redis do, come here. It ends with the engine, or by `close`; connections
   * that stand then go on.
   *
   * @param {string} [url] such as redis://localhost:6379; by default one where nobody is
   * @returns {{ url: string, close: () => void }}
   * @example
   * const client = createClient({ url: redis.intercept().url }); // of node-redis
   */
  intercept(url) {
    return intercept(this.engine, url, passwordOf(this.options));
  }
}

/**
 * Starts a Redis in this process.
 *
 * @param {OpenOptions} [options]
 * @returns {Promise<NodeRedlet>}
 * @example
 * const redis = await open(); // after: import { open } from 'redlet'
 * await redis.call('SET', 'greeting', 'hello');
 * await redis.close();
 */
export async function open(options = {}) {
  checkOptions('open()', options, OPTIONS);
  const { wasm } = options;
  const module = await (wasm === undefined ? compileOwn(load) : compile(wasm, load));
  const files = filesOf(options);
  const start = (/** @type {import('./host.js').Listener} */ listener) =>
    new Host(module, options, listener);
  return new NodeRedlet(engineOf(start, options, files, dial), options).ready();
}

/**
 * Starts a Redis Cluster in this process: each node is an engine that listens on a port of its own,
 * answers as a node of a real cluster does, and hears what the others tell. Replicas follow their
 * masters, and take their places by `CLUSTER FAILOVER`, or by themselves when a master was closed
 * and `cluster-node-timeout` has passed. Nodes keep no files.
 *
 * @param {OpenOptions & { nodes?: number, replicas?: number }} [options] those of each node, beside
 *   how many there are, 3 by default, and how many of them follow each master, none by default: of
 *   six nodes with one replica each three are masters
 * @returns {Promise<Cluster>}
 * @example
 * const cluster = await openCluster({ nodes: 6, replicas: 1 });
 * const client = new Redis.Cluster(cluster.addresses); // of ioredis
 */
export async function openCluster(options = {}) {
  checkOptions('openCluster()', options, CLUSTER_OPTIONS);
  const { nodes: count = 3, replicas = 0, config, ...rest } = options;
  if (Math.floor(count / (replicas + 1)) === 0)
    throw new RangeError(
      `redlet: a master with ${replicas} replicas takes more than ${count} nodes`,
    );
  const own = nodeConfig(config ?? {});
  /** @type {NodeRedlet[]} */
  const nodes = [];
  try {
    for (let i = 0; i < count; i++) {
      const seed = rest.seed === undefined ? undefined : seedOf(rest.seed, i);
      nodes.push(await open({ ...rest, seed, config: own }));
    }
    const servers = await Promise.all(nodes.map((node) => node.listen()));
    connectNodes(nodes, servers);
    await joinNodes(nodes, servers, replicas);
    return new Cluster(nodes, servers);
  } catch (error) {
    for (const node of nodes) void node.close();
    throw error;
  }
}

/** What `openCluster` may be told. */
const CLUSTER_OPTIONS = {
  ...Object.fromEntries(
    Object.entries(OPTIONS).filter(([name]) => name !== 'dir' && name !== 'snapshot'),
  ),
  nodes: kinds.count,
  replicas: kinds.count,
};

/**
 * Another seed for each node, or all would have one id.
 *
 * @param {string | Uint8Array} seed
 * @param {number} i
 */
function seedOf(seed, i) {
  if (typeof seed === 'string') return `${seed}\0${i}`;
  const own = seed.slice();
  own[31] = (own[31] ?? 0) ^ i;
  return own;
}

/**
 * The files of an engine that is given a folder for them.
 *
 * @param {OpenOptions} options
 */
function filesOf({ config = {}, dir, onsave }) {
  const folder = dir ?? config.dir;
  if (folder === undefined) return undefined;
  if (onsave) throw new TypeError('redlet: SAVE writes into dir, or calls onsave: not both');
  if (dir !== undefined) mkdirSync(dir, { recursive: true });
  return new NodeFiles(String(folder));
}

/**
 * @param {URL} url
 * @returns {Promise<Response | Uint8Array<ArrayBuffer>>}
 */
async function load(url) {
  // A URL of another realm, as under jsdom, is none to Node.
  return url.protocol === 'file:' ? readFile(fileURLToPath(url.href)) : fetch(url);
}
