/**
 * Lists: the elements from head to tail, in their nodes.
 *
 * @module
 */

import { h } from '../dom.js';
import { t } from '../words.js';
import { caption, cell, ids, typed } from './parts.js';
import { nodesOf } from './quicklist.js';

/** How many elements of a node are drawn, and how many nodes of which none is. */
const INSIDE_MAX = 24;
const CLOSED_MAX = 24;

/** @param {import('./pictures.js').Subject} subject */
export function list({ key, first, more, encoding, propose }) {
  const [size, items] = /** @type {[number, Uint8Array[]]} */ (first);
  const names = ids(items);
  const cells = items.map((item, i) =>
    cell(String(names[i]), item, () => propose(`LSET ${key} ${i} ${typed(item)}`)),
  );
  const nodes = more[0] instanceof Uint8Array ? nodesOf(more[0]) : [];
  const parts = boxes(nodes, cells);
  const shown = nodes.length > 0 ? parts.shown : items.length;
  const how =
    nodes.length > 0
      ? t('look.nodes', { n: size, nodes: nodes.length })
      : t(encoding === 'listpack' ? 'look.listpack' : 'look.quicklist', { n: size });
  const rest = items.length < size ? '…' : '';
  return h(
    'div',
    {},
    h(
      'div',
      { class: `chain ${encoding}` },
      h('span.end', {}, t('look.head')),
      nodes.length > 0 ? parts.drawn : [...cells, rest],
      h('span.end', {}, t('look.tail')),
    ),
    caption(how, shown, size),
  );
}

/**
 * The nodes, with those of their elements that are drawn.
 *
 * @param {import('./quicklist.js').Node[]} nodes
 * @param {HTMLElement[]} cells
 */
function boxes(nodes, cells) {
  /** @type {(HTMLElement | string)[]} */
  const drawn = [];
  let [from, closed, shown] = [0, 0, 0];
  nodes.forEach(({ count, bytes }, i) => {
    const inside = cells.slice(from, from + Math.min(count, INSIDE_MAX));
    from += count;
    shown += inside.length;
    if (inside.length === 0 && ++closed > CLOSED_MAX && i < nodes.length - 1) return;
    if (closed > CLOSED_MAX + 1) drawn.push('…');
    const facts = t('look.node', { n: count, bytes });
    const part = inside.length > 0 && inside.length < count ? '…' : '';
    drawn.push(
      h('div.node', {}, inside.length > 0 && h('div', {}, inside, part), h('small', {}, facts)),
    );
  });
  return { drawn, shown };
}
