/**
 * Sets: the members, in no order but that of small integers.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';
import { caption, cell, typed } from './parts.js';

/** @param {import('./pictures.js').Subject} subject */
export function set({ key, first, encoding, propose }) {
  const [size, [, members]] = first;
  const cells = members.map((/** @type {Uint8Array} */ member) =>
    cell(show(member), member, () => propose(`SREM ${key} ${typed(member)}`)),
  );
  const how =
    encoding === 'intset' ? 'look.intset' : encoding === 'listpack' ? 'look.packed' : 'look.table';
  return h(
    'div',
    {},
    h('div', { class: `cloud ${encoding}` }, cells),
    caption(t(how, { n: size }), members.length, size),
  );
}
