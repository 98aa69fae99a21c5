/**
 * A Redis Cluster whose nodes are engines of this process, each on a port of its own.
 *
 * @module
 */

import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

import { asyncDispose } from '../dispose.js';

/** @typedef {import('../node.js').NodeRedlet} NodeRedlet */
/** @typedef {import('./listen.js').Server} Server */
/** @typedef {{ host: string, port: number }} Address */

/** How many slots the keys of a cluster fall into. */
const SLOTS = 16384;

/** An open cluster. */
export class Cluster {
  /** The nodes as they were opened: the masters in the order of their slots, then the replicas. */
  nodes;
  /** Where each of {@link nodes} listens. */
  servers;

  /**
   * @param {NodeRedlet[]} nodes
   * @param {Server[]} servers
   */
  constructor(nodes, servers) {
    this.nodes = nodes;
    this.servers = servers;
  }

  /** The nodes' addresses, as ioredis's `Cluster` takes them. */
  get addresses() {
    return this.servers.map(({ host, port }) => ({ host, port }));
  }

  /** The nodes' URLs, as the `rootNodes` of node-redis's `createCluster` have them. */
  get urls() {
    return this.servers.map(({ url }) => url);
  }

  /**
   * Drops all nodes and their data.
   *
   * @returns {Promise<void>}
   */
  async close() {
    await Promise.all(this.nodes.map((node) => node.close()));
  }

  /** As {@link close}, for `await using`. */
  [asyncDispose]() {
    return this.close();
  }
}

/**
 * The configuration of a node: unless they are given, with the values by which nodes of one process
 * work at once.
 *
 * @param {Record<string, string | number | boolean>} config
 * @returns {Record<string, string | number | boolean>}
 */
export function nodeConfig(config) {
  const { requirepass } = config;
  return {
    ...(requirepass === undefined ? {} : { masterauth: requirepass }),
    'repl-diskless-sync-delay': '0',
    ...config,
    'cluster-enabled': 'yes',
  };
}

/**
 * Makes a cluster of engines that were opened with {@link nodeConfig} and are connected. Those that
 * know of each other, or of slots, from their files, stay what they were.
 *
 * @param {NodeRedlet[]} nodes
 * @param {Address[]} addresses where clients find them
 * @param {number} replicas of each master
 */
export async function joinNodes(nodes, addresses, replicas) {
  const masters = Math.floor(nodes.length / (replicas + 1));
  const told = await Promise.all(nodes.map((node) => node.engine.owner.control('cluster')));
  const names = told.map((answer) => answer.split(' '));
  const isKnown = names.some(([, , known, slots]) => known !== '1' || slots !== '0');
  const lines = names.map(([id], i) => {
    const [master = '', shard = ''] = names[i % masters] ?? [];
    const { host, port } = /** @type {Address} */ (addresses[i]);
    const first = Math.round((i * SLOTS) / masters);
    const last = Math.round(((i + 1) * SLOTS) / masters) - 1;
    const isMaster = i < masters;
    return (
      `${id} ${host}:${port}@${port + 10_000},,shard-id=${shard} ` +
      `${isMaster ? 'master -' : `slave ${master}`} 0 0 ${i + 1} connected` +
      (isMaster ? ` ${first}-${last}` : '')
    );
  });
  const order = `cluster\n${isKnown ? '' : lines.join('\n')}`;
  await Promise.all(nodes.map((node) => node.engine.owner.control(order)));
}

/**
 * Has nodes hear what the others tell, and that one has ended.
 *
 * @param {NodeRedlet[]} nodes
 * @param {Address[]} addresses
 */
export function connectNodes(nodes, addresses) {
  const ports = addresses.map(({ port }) => port);
  const there = new Set(nodes);
  for (const node of nodes) {
    let id = '';
    /** @param {string} message */
    const tellAll = (message) => {
      for (const other of there) if (other !== node) other.engine.owner.hear(message);
    };
    node.engine.owner.ontold = (message, ticket) => {
      const [, sender = '', target = ''] = message.slice(0, message.indexOf('\n')).split(' ');
      id = sender;
      if (ticket === 0) return tellAll(message);
      const to = nodes[ports.indexOf(portHere(target))];
      if (to && there.has(to)) {
        if (to !== node) to.engine.owner.hear(message);
        return node.engine.owner.met('', ticket);
      }
      node.engine.owner.met(
        `no node of this process is at ${target}: the cluster bus of other processes is not spoken`,
        ticket,
      );
    };
    node.engine.onclose(() => {
      there.delete(node);
      if (id) tellAll(`gone ${id} * 0 0\n`);
    });
  }
}

/**
 * The port of an address of this machine, -1 of others.
 *
 * @param {string} address
 */
function portHere(address) {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const own = Object.values(networkInterfaces()).some((list) =>
    list?.some((one) => one.address === host),
  );
  return isIP(host) && (own || host.startsWith('127.') || host === '::1')
    ? Number(address.slice(at + 1))
    : -1;
}
