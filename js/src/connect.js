/**
 * A Redis by configuration: a real one, or one embedded in this process. The program is the same.
 *
 * @module
 */

import { open } from './node.js';
import { checkOptions, kinds } from './options.js';

/**
 * Which Redis: `redis://host:6379`, or `memory:name?maxmemory=100mb`, where each parameter of the
 * query is one of redis.conf. The same as an object: `in_memory` asks for an embedded one.
 *
 * @typedef {string | {
 *   url?: string,
 *   in_memory?: boolean,
 *   name?: string,
 *   parameters?: Record<string, string | number | boolean>,
 * }} ConnectConfig
 */

/**
 * @typedef {object} Connected
 * @property {string} url for any client
 * @property {import('./node.js').NodeRedlet | undefined} redis the embedded engine
 * @property {() => Promise<void>} close gives it back; the last to do so ends an embedded server
 */

/**
 * @typedef {object} Embedded
 * @property {string} parameters
 * @property {number} users
 * @property {Promise<{ redis: import('./node.js').NodeRedlet, url: string }>} started
 */

const OPTIONS = {
  url: kinds.string,
  in_memory: kinds.boolean,
  name: kinds.string,
  parameters: kinds.object,
};

/** @type {Map<string, Embedded>} by name */
const embedded = new Map();

/**
 * Gives the URL of a Redis. A real one is only named; an embedded one is started when its name is
 * first asked for, and shared by all who ask for that name.
 *
 * @param {ConnectConfig} config
 * @returns {Promise<Connected>}
 * @example
 * const { url, close } = await connect(process.env.REDIS_URL ?? 'memory:cache?maxmemory=100mb');
 */
export async function connect(config) {
  const { url, name, parameters } = read(config);
  if (url !== undefined) return { url, redis: undefined, close: async () => {} };
  const wanted = JSON.stringify(Object.entries(parameters).sort());
  let server = embedded.get(name);
  if (server && wanted !== '[]' && server.parameters !== wanted)
    throw new TypeError(`redlet: memory:${name} runs already, with other parameters`);
  if (!server) {
    server = { parameters: wanted, users: 0, started: start(parameters) };
    embedded.set(name, server);
  }
  return use(name, server);
}

/** @param {Record<string, string | number | boolean>} config */
async function start(config) {
  const redis = await open({ config });
  return { redis, url: (await redis.listen()).unref().url };
}

/**
 * @param {string} name
 * @param {Embedded} server
 */
async function use(name, server) {
  server.users++;
  let used = true;
  const close = async () => {
    if (!used) return;
    used = false;
    if (--server.users > 0) return;
    embedded.delete(name);
    await (await server.started).redis.close();
  };
  try {
    return { ...(await server.started), close };
  } catch (error) {
    if (embedded.get(name) === server) embedded.delete(name);
    throw error;
  }
}

/** @param {ConnectConfig} config */
function read(config) {
  const options = typeof config === 'object' ? config : { url: config };
  checkOptions('connect()', options, OPTIONS);
  const { url = '', in_memory = false, name = 'default', parameters = {} } = options;
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (in_memory && (url === '' || protocol !== 'memory:'))
    return { url: undefined, name, parameters };
  if (protocol === 'memory:') {
    const { pathname, searchParams } = new URL(url);
    const query = Object.fromEntries(searchParams);
    return { url: undefined, name: pathname || name, parameters: { ...query, ...parameters } };
  }
  if (protocol === 'redis:' || protocol === 'rediss:' || protocol === 'unix:')
    return { url, name, parameters };
  const [scheme] = url.split(':', 1); // a password may follow
  const given = url === '' ? 'nothing' : `${scheme}:`;
  throw new TypeError(`redlet: connect() takes redis://… or memory:name, not ${given}`);
}
