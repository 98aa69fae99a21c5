/**
 * How each type is read and drawn.
 *
 * @module
 */

import { geo, isGeo } from './geo.js';
import { hash } from './hash.js';
import { list } from './list.js';
import { set } from './set.js';
import { stream } from './stream.js';
import { isHyperLogLog, string } from './string.js';
import { vector } from './vector.js';
import { zset } from './zset.js';

/** How many elements are drawn. */
export const DRAWN = 200;
/** Of lists up to how many bytes the nodes are drawn. */
const NODES_MAX = 1 << 20;

/**
 * What a picture is drawn of.
 *
 * @typedef {object} Subject
 * @property {string} key as it is typed
 * @property {string} view which of the pictures
 * @property {string} encoding
 * @property {import('./table.js').Table} [table] its hash table, if it has one
 * @property {import('./table.js').Table} [grown] what that was before it grew, if it was seen to
 * @property {number} now the engine's time, in milliseconds
 * @property {any[]} first the replies to what was read first
 * @property {any[]} more those to what was read then
 * @property {(line: string) => void} propose puts a command into the line
 */

/**
 * How a value is kept.
 *
 * @typedef {object} Kept
 * @property {string} encoding
 * @property {number} bytes
 */

/**
 * @typedef {object} Picture
 * @property {(key: Uint8Array) => any[][]} read
 * @property {(key: Uint8Array, first: any[], kept: Kept) => any[][]} [more]
 * @property {(key: Uint8Array) => any[]} [scan] what goes through its elements
 * @property {(first: any[]) => string[]} views the first is drawn unless another is chosen
 * @property {(first: any[], more: any[]) => boolean} [lives] whether it changes as time passes
 * @property {(subject: Subject) => Node} draw
 */

/** @type {Record<string, Picture>} */
export const PICTURES = {
  string: {
    read: (key) => [
      ['STRLEN', key],
      ['GETRANGE', key, 0, 16_384],
    ],
    views: ([, value]) =>
      isHyperLogLog(value) ? ['registers', 'bytes'] : ['text', 'bytes', 'bits'],
    draw: string,
  },
  list: {
    read: (key) => [
      ['LLEN', key],
      ['LRANGE', key, 0, DRAWN - 1],
    ],
    // Where its nodes begin and end, only what is saved of it tells.
    more: (key, _, { encoding, bytes }) =>
      encoding === 'quicklist' && bytes <= NODES_MAX ? [['DUMP', key]] : [],
    views: () => ['list'],
    draw: list,
  },
  hash: {
    read: (key) => [
      ['HLEN', key],
      ['HSCAN', key, 0, 'COUNT', DRAWN],
    ],
    more: (key, [, scan]) => {
      const fields = scan[1].filter((/** @type {any} */ _, /** @type {number} */ i) => i % 2 === 0);
      return fields.length ? [['HPEXPIRETIME', key, 'FIELDS', fields.length, ...fields]] : [];
    },
    scan: (key) => ['HSCAN', key, 'NOVALUES'],
    views: () => ['hash'],
    lives: (_, [times]) => Array.isArray(times) && times.some((time) => Number(time) > 0),
    draw: hash,
  },
  set: {
    read: (key) => [
      ['SCARD', key],
      ['SSCAN', key, 0, 'COUNT', DRAWN],
    ],
    scan: (key) => ['SSCAN', key],
    views: () => ['set'],
    draw: set,
  },
  zset: {
    read: (key) => [
      ['ZCARD', key],
      ['ZRANGE', key, 0, DRAWN - 1, 'WITHSCORES'],
    ],
    more: (key, [, pairs]) =>
      isGeo(pairs) ? [['GEOPOS', key, ...pairs.map((/** @type {any} */ pair) => pair[0])]] : [],
    views: ([, pairs]) => (isGeo(pairs) ? ['map', 'axis'] : ['axis']),
    draw: (subject) => (subject.view === 'map' ? geo(subject) : zset(subject)),
  },
  stream: {
    read: (key) => [
      ['XINFO', 'STREAM', key, 'FULL', 'COUNT', 50],
      ['XREVRANGE', key, '+', '-', 'COUNT', 50],
    ],
    views: () => ['stream'],
    draw: stream,
  },
  vectorset: {
    read: (key) => [
      ['VCARD', key],
      ['VDIM', key],
      ['VRANDMEMBER', key, 60],
    ],
    more: (key, [, , members]) =>
      members.map((/** @type {Uint8Array} */ member) => ['VEMB', key, member]),
    views: () => ['vectors'],
    draw: vector,
  },
};
