/**
 * Hashes: the fields, and how long each has to live.
 *
 * @module
 */

import { h } from '../dom.js';
import { duration, show } from '../text.js';
import { t } from '../words.js';
import { caption, cell, typed } from './parts.js';
import { drawTable } from './table.js';

/** @param {import('./pictures.js').Subject} subject */
export function hash({ key, first, more, table, grown, now, propose }) {
  const [size, [, flat]] = first;
  const times = Array.isArray(more[0]) ? more[0] : [];
  const rows = [];
  for (let i = 0; 2 * i < flat.length; i++) {
    const [field, value] = [flat[2 * i], flat[2 * i + 1]];
    const expiry = Number(times[i] ?? -1);
    const change = () => propose(`HSET ${key} ${typed(field)} ${typed(value)}`);
    rows.push(
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, show(field)),
        h('td', {}, cell(show(field), value, change)),
        h('td.small.muted', {}, expiry > 0 ? duration(Math.max(0, expiry - now)) : ''),
      ),
    );
  }
  const head = h(
    'tr',
    {},
    [t('look.field'), t('look.value'), 'TTL'].map((text) => h('th', { scope: 'col' }, text)),
  );
  const how = table ? '' : t('look.packed', { n: size });
  return h(
    'div',
    {},
    table && drawTable(size, table, grown),
    h('table', {}, h('thead', {}, head), h('tbody', {}, rows)),
    caption(how, rows.length, size),
  );
}
