/**
 * Hash tables: which place each element has, and what becomes of it when the table grows.
 *
 * A cursor of SSCAN and HSCAN is the number of a place with the bits that matter from the top: who
 * asks for each place, and for one element, learns what lies there.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';

/** The smallest hash table, and how many of its places are drawn one by one. */
const PLACES_MIN = 4;
const PLACES_DRAWN = 256;
/** How many places a change of the data moves: a smaller table is never seen on its way. */
const MOVED = 16;

/**
 * @typedef {object} Table
 * @property {number} places
 * @property {boolean} moving whether its elements are on their way into one twice as large
 * @property {Map<string, number>} at the place of each element; none where they are too many
 */

/**
 * Reads a hash table, place by place if there are not too many.
 *
 * @param {(commands: any[][]) => Promise<any[]>} look
 * @param {any[]} scan the command that goes through the elements: name, key and options
 * @param {number} n how many elements there are
 * @param {number} before how many places there were
 * @returns {Promise<Table>}
 */
export async function readTable(look, [name, key, ...options], n, before) {
  // It doubles before it is more than full, and shrinks when not even an eighth is used.
  const least = Math.max(PLACES_MIN, 2 ** Math.ceil(Math.log2(n)));
  for (let places = n * 8 < before ? least : Math.max(least, before); ;) {
    if (places > PLACES_DRAWN) return { places, moving: false, at: new Map() };
    const cursors = Array.from({ length: places }, (_, place) => place);
    const replies = await look(cursors.map((place) => [name, key, place, 'COUNT', 1, ...options]));
    // A cursor has no higher bit than the table's places have.
    const highest = Math.max(...replies.map(([next]) => Number(show(next))));
    const seen = Math.max(PLACES_MIN, 2 ** highest.toString(2).length);
    if (seen > places) {
      places = seen;
      continue;
    }
    if (n > seen && seen > MOVED) return { places: seen, moving: true, at: placed(replies, seen) };
    const at = placed(replies, places);
    if (at.size === n) return { places, moving: false, at };
    const other = Math.max(least, seen);
    return { places: other, moving: false, at: placed(replies, other) };
  }
}

/**
 * @param {[next: Uint8Array, elements: Uint8Array[]][]} replies to a scan of each place
 * @param {number} places
 */
function placed(replies, places) {
  /** @type {Table['at']} */
  const at = new Map();
  replies.slice(0, places).forEach(([next, elements], place) => {
    // A place with nothing in it is passed over.
    if (Number(show(next)) !== after(place, places)) return;
    for (const element of elements) at.set(show(element), place);
  });
  return at;
}

/**
 * The place behind another, in the order in which a cursor goes: the highest bit changes first.
 *
 * @param {number} place
 * @param {number} places
 */
function after(place, places) {
  let [next, bit] = [place, places >> 1];
  for (; next & bit; bit >>= 1) next ^= bit;
  return next | bit;
}

/**
 * Which elements have another place than before.
 *
 * @param {Table} table
 * @param {Table} [before]
 * @returns {Set<string>}
 */
export function movedIn({ at }, before) {
  const moved = [...at].filter(([name, place]) => (before?.at.get(name) ?? place) !== place);
  return new Set(moved.map(([name]) => name));
}

/**
 * A hash table, and the one that it was before it grew, if it has.
 *
 * @param {number} n
 * @param {Table} table
 * @param {Table} [before]
 */
export function drawTable(n, table, before) {
  const { places, moving } = table;
  const moved = movedIn(table, before);
  const values = { n, places, twice: 2 * places };
  const change = { before: before?.places ?? 0, places, moved: moved.size };
  return h(
    'div',
    {},
    before && [squares(before, before.at.size, moved), h('p.small.muted', {}, t('look.was'))],
    squares(table, n, moved),
    h('p.small.muted', {}, t(moving ? 'look.moving' : 'look.places', values)),
    before && table.at.size > 0 && h('p.small.muted', {}, t('look.moved', change)),
  );
}

/**
 * @param {Table} table
 * @param {number} n
 * @param {Set<string>} moved
 */
function squares({ places, at }, n, moved) {
  const drawn = Math.min(places, PLACES_DRAWN);
  /** @type {string[][]} */
  const inside = Array.from({ length: drawn }, () => []);
  for (const [name, place] of at) inside[place]?.push(name);
  const parts = inside.map((names, i) => {
    const taken = at.size > 0 ? names.length > 0 : i < (n * drawn) / places;
    const kind = names.some((name) => moved.has(name)) ? 'taken moved' : 'taken';
    const title = names.length > 0 ? `${i}: ${names.join(', ')}` : undefined;
    return h('i', { class: taken ? kind : undefined, title }, names.length > 1 && names.length);
  });
  return h('div.places', { 'data-id': `places ${places}`, 'aria-hidden': 'true' }, parts);
}
