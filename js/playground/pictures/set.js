/**
 * Sets: the members, in no order but that of small integers.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';
import { caption, cell, table, typed } from './parts.js';

/** @param {import('./pictures.js').Subject} subject */
export function set({ key, first, encoding, places, propose }) {
  const [size, [, members]] = first;
  const cells = members.map((/** @type {Uint8Array} */ member) =>
    cell(show(member), member, () => propose(`SREM ${key} ${typed(member)}`)),
  );
  const how = t(encoding === 'intset' ? 'look.intset' : 'look.packed', { n: size });
  return h(
    'div',
    {},
    places > 0 && table(size, places),
    h('div', { class: `cloud ${encoding}` }, cells),
    caption(places > 0 ? '' : how, members.length, size),
  );
}
