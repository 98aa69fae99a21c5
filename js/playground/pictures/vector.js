/**
 * Vector sets: where the vectors lie, by their first two dimensions.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';
import { caption } from './parts.js';

const SIZE = 260;

/** @param {import('./pictures.js').Subject} subject */
export function vector({ first, more }) {
  const [size, dimensions, members] = first;
  const marks = more.map((numbers, i) => {
    if (!Array.isArray(numbers)) return null;
    const length = Math.hypot(...numbers.map(Number)) || 1;
    const [x = 0, y = 0] = numbers.map((number) => Number(number) / length);
    const [cx, cy] = [SIZE / 2 + x * (SIZE / 2 - 24), SIZE / 2 - y * (SIZE / 2 - 24)];
    const right = x > 0;
    const label = {
      x: cx + (right ? -10 : 10),
      y: cy + 4,
      'text-anchor': right ? 'end' : 'start',
    };
    return h(
      'g',
      { 'data-id': show(members[i]) },
      h('line', { x1: SIZE / 2, y1: SIZE / 2, x2: cx, y2: cy }),
      h('circle', { cx, cy, r: 4 }),
      h('text', label, show(members[i])),
    );
  });
  const circle = h('circle.frame', { cx: SIZE / 2, cy: SIZE / 2, r: SIZE / 2 - 24 });
  return h(
    'div',
    {},
    h(
      'svg.map',
      { viewBox: `0 0 ${SIZE} ${SIZE}`, role: 'img', 'aria-label': t('view.vectors') },
      circle,
      marks,
    ),
    caption(t('look.vectors', { n: size, d: dimensions }), members.length, size),
  );
}
