/**
 * What several pictures are made of.
 *
 * @module
 */

import { h } from '../dom.js';
import { quoted, show } from '../text.js';
import { t } from '../words.js';

/**
 * A value that can be changed: a click proposes the command that would.
 *
 * @param {string} id tells it from the others, whatever its place
 * @param {any} value
 * @param {() => void} change
 * @param {string} [kind] more classes
 */
export function cell(id, value, change, kind = '') {
  const text = show(value);
  return h(
    'button',
    {
      type: 'button',
      class: `cell ${kind}`,
      'data-id': id,
      title: t('look.change'),
      onclick: change,
    },
    text === '' ? '""' : text.length > 80 ? `${text.slice(0, 79)}…` : text,
  );
}

/**
 * How many of how many are drawn, if not all, and how they are kept.
 *
 * @param {string} text
 * @param {number} shown
 * @param {number} size
 */
export function caption(text, shown, size) {
  const part = shown < size ? ` ${t('look.part', { shown, size })}` : '';
  return h('p.small.muted', {}, text + part);
}

/** The smallest hash table, and how many of its places are drawn one by one. */
const PLACES_MIN = 4;
const PLACES_DRAWN = 256;

/**
 * How many places a hash table has: it doubles before it is more than full, and shrinks when not
 * even an eighth is used.
 *
 * @param {number} n how many elements it has
 * @param {number} before how many places it had
 */
export function placesOf(n, before) {
  let places = PLACES_MIN;
  while (places < n) places *= 2;
  return n * 8 > before ? Math.max(places, before) : places;
}

/**
 * A hash table: how many of its places are taken.
 *
 * @param {number} n
 * @param {number} places
 */
export function table(n, places) {
  const label = t('look.places', { n, places });
  const drawn = Math.min(places, PLACES_DRAWN);
  const squares = Array.from({ length: drawn }, (_, i) =>
    h('i', { class: i < (n * drawn) / places ? 'taken' : undefined }),
  );
  return h(
    'div',
    {},
    h('div.places', { 'data-id': `places ${places}`, 'aria-hidden': 'true' }, squares),
    h('p.small.muted', {}, label),
  );
}

/** A value as it is typed. @param {any} value */
export const typed = (value) =>
  value instanceof Uint8Array ? quoted(value) : quoted(String(value));

/**
 * Each element once, by its own words.
 *
 * @param {any[]} items
 * @returns {string[]} ids
 */
export function ids(items) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return items.map((item) => {
    const text = show(item);
    const n = (seen.get(text) ?? 0) + 1;
    seen.set(text, n);
    return `${text}#${n}`;
  });
}
