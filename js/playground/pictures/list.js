/**
 * Lists: the elements from head to tail.
 *
 * @module
 */

import { h } from '../dom.js';
import { t } from '../words.js';
import { caption, cell, ids, typed } from './parts.js';

/** @param {import('./pictures.js').Subject} subject */
export function list({ key, first, encoding, propose }) {
  const [size, items] = /** @type {[number, Uint8Array[]]} */ (first);
  const names = ids(items);
  const cells = items.map((item, i) =>
    cell(String(names[i]), item, () => propose(`LSET ${key} ${i} ${typed(item)}`)),
  );
  const how = t(encoding === 'listpack' ? 'look.listpack' : 'look.quicklist', { n: size });
  const ends = [h('span.end', {}, t('look.head')), h('span.end', {}, t('look.tail'))];
  return h(
    'div',
    {},
    h(
      'div',
      { class: `chain ${encoding}` },
      ends[0],
      cells,
      items.length < size ? '…' : '',
      ends[1],
    ),
    caption(how, items.length, size),
  );
}
