/**
 * Streams: the entries, and what each group has yet to acknowledge.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';
import { caption, typed } from './parts.js';

/** @param {import('./pictures.js').Subject} subject */
export function stream({ key, first, propose }) {
  const [info, entries] = first;
  const get = reader(info);
  const groups = /** @type {any[]} */ (get('groups') ?? []).map(reader);
  const size = Number(get('length'));
  /** @type {Map<string, string[]>} who has which entry pending, by its id */
  const pending = new Map();
  for (const group of groups) {
    for (const item of group('pending') ?? []) {
      const id = show(item[0]);
      const who = `${show(group('name'))} → ${show(item[1])} ×${item[3]}`;
      pending.set(id, [...(pending.get(id) ?? []), who]);
    }
  }
  const rows = entries.map((/** @type {any} */ [id, fields]) => {
    const waits = pending.get(show(id)) ?? [];
    const marks = groups.flatMap((group) =>
      show(group('last-delivered-id')) === show(id)
        ? [h('span.tag.here', {}, `${show(group('name'))} ▸`)]
        : [],
    );
    return h(
      'li',
      { 'data-id': show(id) },
      h('code', {}, show(id)),
      h('span.fields', {}, pairs(fields)),
      waits.length + marks.length > 0 &&
        h(
          'span.tags',
          {},
          waits.map((who) => h('span.tag', {}, who)),
          marks,
        ),
    );
  });
  return h(
    'div',
    {},
    h('ol.entries', {}, rows),
    caption(t('look.stream', { n: size, last: show(get('last-generated-id')) }), rows.length, size),
    groups.map((group) => groupOf(group, key, propose)),
  );
}

/**
 * @param {(name: string) => any} group
 * @param {string} key
 * @param {(line: string) => void} propose
 */
function groupOf(group, key, propose) {
  const name = show(group('name'));
  const consumers = /** @type {any[]} */ (group('consumers') ?? []).map(reader);
  const lines = consumers.map((consumer) => {
    const who = show(consumer('name'));
    const waits = /** @type {any[]} */ (consumer('pending') ?? []).map((item) =>
      h(
        'button.tag',
        { type: 'button', onclick: () => propose(`XACK ${key} ${typed(name)} ${show(item[0])}`) },
        show(item[0]),
      ),
    );
    return h('li', { 'data-id': `${name} ${who}` }, h('b', {}, who), ' ', waits);
  });
  const facts = t('look.group', {
    lag: Number(group('lag') ?? 0),
    pending: Number(group('pel-count') ?? 0),
  });
  return h(
    'div.group',
    {},
    h('h3', {}, `${name} `, h('span.muted', {}, facts)),
    h('ul', {}, lines),
  );
}

/** @param {any} map of RESP3, with bytes for keys */
function reader(map) {
  const known = new Map([...map].map(([name, value]) => [show(name), value]));
  return (/** @type {string} */ name) => known.get(name);
}

/** @param {any[]} fields */
function pairs(fields) {
  return fields.flatMap((value, i) =>
    i % 2 ? [h('span', {}, `${show(fields[i - 1])}: ${show(value)}`)] : [],
  );
}
