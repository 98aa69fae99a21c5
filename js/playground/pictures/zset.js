/**
 * Sorted sets: the members by their order, and their scores on an axis.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';
import { caption, cell, typed } from './parts.js';

/** @param {import('./pictures.js').Subject} subject */
export function zset({ key, first, encoding, propose }) {
  const [size, pairs] = /** @type {[number, [Uint8Array, number][]]} */ (first);
  const scores = pairs.map(([, score]) => score).filter(Number.isFinite);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const at = (/** @type {number} */ score) => {
    if (score === Infinity || high === low) return score === -Infinity ? 0 : 50;
    return score === -Infinity ? 0 : (100 * (score - low)) / (high - low);
  };
  const dots = pairs.map(([member, score]) => {
    const dot = h('span.point', {
      'data-id': `dot ${show(member)}`,
      title: `${show(member)} ${score}`,
    });
    dot.style.left = `${at(score)}%`;
    return dot;
  });
  const rows = pairs.map(([member, score], i) =>
    h(
      'li',
      { 'data-id': `row ${show(member)}` },
      h('span.rank', {}, i),
      h('span.member', {}, show(member)),
      cell(`score ${show(member)}`, String(score), () =>
        propose(`ZADD ${key} ${score} ${typed(member)}`),
      ),
    ),
  );
  const ends = h('div.ends.small.muted', {}, h('span', {}, low), h('span', {}, high));
  const how = t(encoding === 'listpack' ? 'look.packed' : 'look.skiplist', { n: size });
  return h(
    'div',
    {},
    h('div.axis', { 'aria-hidden': 'true' }, dots),
    scores.length > 0 ? ends : '',
    h('ol.ranks', {}, rows),
    caption(how, pairs.length, size),
  );
}
