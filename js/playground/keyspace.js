/**
 * The live view of the keys.
 *
 * @module
 */

/** How many keys are shown at most. */
const SHOWN_MAX = 100;
/** How many elements of a value are shown at most. */
const ELEMENTS_MAX = 8;
/** How many characters of a value are shown at most. */
const VALUE_MAX = 160;

/** @typedef {import('../src/resp.js').Argument} Argument */

/**
 * How the values of a type are read.
 *
 * @type {Record<string, (key: Argument) => Argument[]>}
 */
const READERS = {
  string: (key) => ['GETRANGE', key, 0, VALUE_MAX],
  list: (key) => ['LRANGE', key, 0, ELEMENTS_MAX],
  hash: (key) => ['HSCAN', key, 0, 'COUNT', ELEMENTS_MAX],
  set: (key) => ['SSCAN', key, 0, 'COUNT', ELEMENTS_MAX],
  zset: (key) => ['ZRANGE', key, 0, ELEMENTS_MAX, 'WITHSCORES'],
  stream: (key) => ['XREVRANGE', key, '+', '-', 'COUNT', 3],
};

/**
 * The command with which a person reads a value.
 *
 * @type {Record<string, (key: string) => string>}
 */
export const LOOKS = {
  string: (key) => `GET ${key}`,
  list: (key) => `LRANGE ${key} 0 -1`,
  hash: (key) => `HGETALL ${key}`,
  set: (key) => `SMEMBERS ${key}`,
  zset: (key) => `ZRANGE ${key} 0 -1 WITHSCORES`,
  stream: (key) => `XRANGE ${key} - +`,
};

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {string} type
 * @property {string} encoding
 * @property {number} ttl milliseconds; negative if there is none
 * @property {string} value
 */

/** Reads the keys over a connection of its own, which leaves their idle times alone. */
export class Keyspace {
  #client;
  #db = -1;

  /** @param {import('../src/redlet.js').Redlet} redis */
  constructor(redis) {
    this.#client = redis.client({ resp: 2, bytes: true });
  }

  /**
   * Reads what is to be shown.
   *
   * @param {number} db
   * @returns {Promise<{ rows: Row[], size: number }>}
   */
  async read(db) {
    if (db !== this.#db) {
      await this.#client.pipeline([
        ['CLIENT', 'SETNAME', 'keyspace-view'],
        ['CLIENT', 'NO-TOUCH', 'ON'],
        ['SELECT', db],
      ]);
      this.#db = db;
    }
    const size = Number(await this.#client.call('DBSIZE'));
    const keys = await this.#keys();
    const facts = await this.#client.pipeline(
      keys.flatMap((key) => [
        ['TYPE', key],
        ['OBJECT', 'ENCODING', key],
        ['PTTL', key],
      ]),
    );
    const types = keys.map((_, i) => show(facts[3 * i]));
    const reads = keys.map((key, i) => READERS[String(types[i])]?.(key) ?? ['PING']);
    const values = await this.#client.pipeline(reads);
    const rows = keys.map((key, i) => ({
      key: show(key),
      type: String(types[i]),
      encoding: show(facts[3 * i + 1]),
      ttl: Number(facts[3 * i + 2]),
      value: preview(String(types[i]), values[i]),
    }));
    return { rows: rows.filter((row) => row.type !== 'none'), size };
  }

  async #keys() {
    /** @type {Uint8Array[]} */
    const keys = [];
    let cursor = '0';
    do {
      const [next, page] = /** @type {[Uint8Array, Uint8Array[]]} */ (
        await this.#client.call('SCAN', cursor, 'COUNT', SHOWN_MAX)
      );
      keys.push(...page);
      cursor = show(next);
    } while (cursor !== '0' && keys.length < SHOWN_MAX);
    const order = new Map(keys.map((key) => [show(key), key]));
    return [...order.keys()]
      .sort()
      .slice(0, SHOWN_MAX)
      .map((name) => order.get(name) ?? '');
  }

  /** The connection was lost, or the database may be another. */
  reset() {
    this.#db = -1;
  }
}

/**
 * @param {string} type
 * @param {any} reply
 */
function preview(type, reply) {
  const items = type === 'hash' || type === 'set' ? (reply?.[1] ?? []) : reply;
  let text;
  if (type === 'string') text = show(items);
  else if (!Array.isArray(items)) text = '';
  else if (type === 'hash') text = pairs(items, (field, value) => `${field}: ${value}`);
  else if (type === 'zset') text = pairs(items, (member, score) => `${member} = ${score}`);
  else if (type === 'stream') text = items.map((entry) => show(entry[0])).join(', ');
  else text = items.map(show).join(', ');
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text;
}

/**
 * @param {unknown[]} items
 * @param {(first: string, second: string) => string} join
 */
function pairs(items, join) {
  const texts = [];
  for (let i = 0; i + 1 < items.length; i += 2)
    texts.push(join(show(items[i]), show(items[i + 1])));
  return texts.join(', ');
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Shows bytes as text if they are text.
 *
 * @param {unknown} value
 */
function show(value) {
  if (!(value instanceof Uint8Array)) return value instanceof Error ? '' : String(value ?? '');
  try {
    return decoder.decode(value);
  } catch {
    return [...value].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  }
}

/**
 * A time to live for people.
 *
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 0) return '';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.floor(ms / 1000);
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} days`;
}
