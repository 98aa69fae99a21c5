/**
 * Sorted sets of places: where they lie, without a map's tiles.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';
import { caption } from './parts.js';

/**
 * Whether all scores are what GEOADD makes of places: whole numbers of up to 52 bits, none small.
 *
 * @param {[Uint8Array, number][] | null} pairs
 */
export function isGeo(pairs) {
  if (!pairs || pairs.length === 0) return false;
  return pairs.every(([, score]) => Number.isInteger(score) && score > 2 ** 40 && score < 2 ** 52);
}

const [WIDTH, HEIGHT, MARGIN] = [320, 200, 24];

/** @param {import('./pictures.js').Subject} subject */
export function geo({ first, more }) {
  const [size, pairs] = /** @type {[number, [Uint8Array, number][]]} */ (first);
  const places = /** @type {([number, number] | null)[]} */ (more[0]);
  const known = places.flatMap((place, i) =>
    place ? [{ name: show(pairs[i]?.[0]), lon: Number(place[0]), lat: Number(place[1]) }] : [],
  );
  const [west, east] = span(known.map(({ lon }) => lon));
  const [south, north] = span(known.map(({ lat }) => lat));
  // Near is near in each direction: a degree of longitude is shorter the farther from the equator.
  const [middle, narrow] = [(south + north) / 2, Math.cos(((south + north) / 360) * Math.PI)];
  const degrees =
    Math.max(
      ((east - west) * narrow) / (WIDTH - 2 * MARGIN),
      (north - south) / (HEIGHT - 2 * MARGIN),
    ) || 1;
  const x = (/** @type {number} */ lon) =>
    WIDTH / 2 + ((lon - (west + east) / 2) * narrow) / degrees;
  const y = (/** @type {number} */ lat) => HEIGHT / 2 - (lat - middle) / degrees;
  const marks = known.map(({ name, lon, lat }) => {
    const right = x(lon) > WIDTH / 2;
    const label = {
      x: x(lon) + (right ? -8 : 8),
      y: y(lat) + 4,
      'text-anchor': right ? 'end' : 'start',
    };
    return h(
      'g',
      { 'data-id': name },
      h('circle', { cx: x(lon), cy: y(lat), r: 4 }),
      h('text', label, name),
    );
  });
  const frame = h('rect.frame', { x: 1, y: 1, width: WIDTH - 2, height: HEIGHT - 2, rx: 8 });
  return h(
    'div',
    {},
    h(
      'svg.map',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': t('view.map') },
      frame,
      marks,
    ),
    h(
      'p.small.muted',
      {},
      `${west.toFixed(2)}° … ${east.toFixed(2)}°, ${south.toFixed(2)}° … ${north.toFixed(2)}°`,
    ),
    caption(t('look.geo', { n: size }), pairs.length, size),
  );
}

/** @param {number[]} values @returns {[number, number]} */
function span(values) {
  return [Math.min(...values), Math.max(...values)];
}
