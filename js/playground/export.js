/**
 * A database as commands, to be piped into redis-cli.
 *
 * @module
 */

import { latin1, repr } from '../src/sds.js';

/** How many elements stand in one command. */
const PIECE = 500;

/**
 * @param {import('./place.js').Place} place
 * @param {number} db
 * @returns {Promise<string>}
 */
export async function exported(place, db) {
  const lines = [`SELECT ${db}`];
  const seen = new Set();
  let cursor = '0';
  do {
    const [reply] = await place.look(db, [['SCAN', cursor, 'COUNT', 500]]);
    cursor = latin1(reply[0]);
    for (const key of reply[1]) {
      const name = latin1(key);
      if (seen.has(name)) continue;
      seen.add(name);
      lines.push(...(await commandsOf(place, db, key)));
    }
  } while (cursor !== '0');
  return `${lines.join('\n')}\n`;
}

/**
 * @param {import('./place.js').Place} place
 * @param {number} db
 * @param {Uint8Array} key
 */
async function commandsOf(place, db, key) {
  const [type, expiry, dump] = await place.look(db, [
    ['TYPE', key],
    ['PEXPIRETIME', key],
    ['DUMP', key],
  ]);
  const name = word(key);
  const rest = Number(expiry) > 0 ? [`PEXPIREAT ${name} ${expiry}`] : [];
  const read = async (/** @type {any[]} */ ...command) => (await place.look(db, [command]))[0];
  switch (String(type)) {
    case 'none':
      return [];
    case 'string':
      return [`SET ${name} ${word(await read('GET', key))}`, ...rest];
    case 'list':
      return [...pieces(`RPUSH ${name}`, await read('LRANGE', key, 0, -1)), ...rest];
    case 'set':
      return [...pieces(`SADD ${name}`, [...(await read('SMEMBERS', key))]), ...rest];
    case 'zset': {
      const pairs = await read('ZRANGE', key, 0, -1, 'WITHSCORES');
      const flat = pairs.flatMap((/** @type {any} */ [member, score]) => [number(score), member]);
      return [...pieces(`ZADD ${name}`, flat), ...rest];
    }
    case 'hash': {
      const fields = [...(await read('HGETALL', key))];
      const times = await read('HPEXPIRETIME', key, 'FIELDS', fields.length, ...fields.map(first));
      if (times.every((/** @type {any} */ time) => Number(time) < 0))
        return [...pieces(`HSET ${name}`, fields.flat()), ...rest];
    }
  }
  // A stream's ids and groups, a vector's graph, a field's lifetime: as RESTORE takes them.
  const until = Number(expiry) > 0 ? `${expiry} ${word(dump)} ABSTTL` : `0 ${word(dump)}`;
  return [`RESTORE ${name} ${until}`];
}

/** @param {any[]} pair */
const first = (pair) => pair[0];

/** @param {number} score */
function number(score) {
  return Math.abs(score) === Infinity ? (score > 0 ? 'inf' : '-inf') : String(score);
}

/**
 * @param {string} command
 * @param {any[]} items
 */
function pieces(command, items) {
  const lines = [];
  for (let i = 0; i < items.length; i += PIECE)
    lines.push(
      `${command} ${items
        .slice(i, i + PIECE)
        .map(word)
        .join(' ')}`,
    );
  return lines;
}

/** @param {unknown} value */
function word(value) {
  const text = value instanceof Uint8Array ? latin1(value) : String(value);
  return /^[\w.:-]+$/.test(text) ? text : repr(text);
}
