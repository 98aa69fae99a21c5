/**
 * Two servers' data beside each other.
 *
 * @module
 */

import { latin1 } from '../src/sds.js';
import { h } from './dom.js';
import { show } from './text.js';
import { t } from './words.js';

/** How many keys are compared. */
const KEYS_MAX = 5000;

/**
 * Lists what differs in a database.
 *
 * @param {import('./place.js').Place} before
 * @param {import('./place.js').Place} after
 * @param {number} db
 * @returns {Promise<HTMLElement>}
 */
export async function compare(before, after, db) {
  const [was, is] = [await dumps(before, db), await dumps(after, db)];
  const names = [...new Set([...was.keys(), ...is.keys()])].sort();
  const items = names.flatMap((name) => {
    const [old, now] = [was.get(name), is.get(name)];
    if (old?.value === now?.value && old?.expires === now?.expires) return [];
    const how = !old ? 'added' : !now ? 'removed' : old.value !== now.value ? 'changed' : 'expiry';
    const key = (now ?? old)?.key;
    return [
      h(
        'li',
        { class: how },
        h('span.muted.small', {}, t(`compare.${how}`)),
        h('code', {}, show(key)),
      ),
    ];
  });
  return items.length > 0 ? h('ul.differs', {}, items) : h('p', {}, t('compare.same'));
}

/**
 * Each key's value as RESTORE takes it, which is the same for the same value.
 *
 * @param {import('./place.js').Place} place
 * @param {number} db
 */
async function dumps(place, db) {
  const keys = new Map();
  let cursor = '0';
  do {
    const [reply] = await place.look(db, [['SCAN', cursor, 'COUNT', 1000]]);
    cursor = latin1(reply[0]);
    for (const key of reply[1]) keys.set(latin1(key), key);
  } while (cursor !== '0' && keys.size < KEYS_MAX);
  const replies = await place.look(
    db,
    [...keys.values()].flatMap((key) => [
      ['DUMP', key],
      ['PEXPIRETIME', key],
    ]),
  );
  /** @type {Map<string, { key: Uint8Array, value: string, expires: number }>} */
  const all = new Map();
  [...keys].forEach(([name, key], i) => {
    const [value, expires] = [replies[2 * i], replies[2 * i + 1]];
    if (value instanceof Uint8Array)
      all.set(name, { key, value: latin1(value), expires: Number(expires) });
  });
  return all;
}
