/**
 * Sets: the members, in no order but that of small integers.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';
import { caption, cell, typed } from './parts.js';
import { drawTable } from './table.js';

/** @param {import('./pictures.js').Subject} subject */
export function set({ key, first, encoding, table, grown, propose }) {
  const [size, [, members]] = first;
  const cells = members.map((/** @type {Uint8Array} */ member) =>
    cell(show(member), member, () => propose(`SREM ${key} ${typed(member)}`)),
  );
  const how = t(encoding === 'intset' ? 'look.intset' : 'look.packed', { n: size });
  return h(
    'div',
    {},
    table && drawTable(size, table, grown),
    h('div', { class: `cloud ${encoding}` }, cells),
    caption(table ? '' : how, members.length, size),
  );
}
