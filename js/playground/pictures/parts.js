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
