/**
 * Replies as tables, where they read better so.
 *
 * @module
 */

import { json } from '../src/cli/output.js';
import { utf8 } from './text.js';

/** @typedef {import('../src/cli/reply.js').Reply} Reply */

/**
 * @typedef {object} Table
 * @property {string[]} head
 * @property {string[][]} rows
 */

/** Commands whose replies are pairs, which RESP2 does not say. */
const PAIRS = new RegExp(
  `^(${[
    'hgetall|config get|xinfo stream|memory stats|hello|acl getuser|function stats',
    'pubsub (shard)?numsub|zpop(min|max)|client trackinginfo',
  ].join('|')})\\b`,
);
/** Options that make a reply one of pairs. */
const WITH_PAIRS = /\b(withscores|withvalues)\b/;

const SLOWLOG = ['id', 'time', 'µs', 'command', 'address', 'client'];
const COMMAND = ['name', 'arity', 'flags', 'first', 'last', 'step'];

/**
 * @param {readonly string[]} words the command
 * @param {Reply} reply
 * @returns {Table | undefined} nothing where the reply is no table
 */
export function table(words, reply) {
  const line = words.join(' ').toLowerCase();
  if ('$='.includes(reply.kind)) return reply.isNull ? undefined : textTable(line, reply.text);
  const { items } = reply;
  if (reply.isNull || items.length === 0 || !'*~%'.includes(reply.kind)) return undefined;
  if (/^slowlog get/.test(line)) return listed(SLOWLOG, items);
  if (/^command( info.*)?$/.test(line)) return listed(COMMAND, items);
  if (/^command docs/.test(line)) return docs(items);
  if (/^x(rev)?range\b/.test(line)) return entries(items);
  if (/^(hmget|mget)\b/.test(line)) return named(words.slice(line[0] === 'h' ? 2 : 1), items);
  if (reply.kind === '%' || PAIRS.test(line) || WITH_PAIRS.test(line)) return twos(line, items);
  if (items.every((item) => item.kind === '%' || isRecord(item, items[0]))) return records(items);
  return {
    head: ['#', 'value'],
    rows: items.map((item, i) => [String(i + 1), cell(item)]),
  };
}

/** @param {Reply | undefined} item */
function cell(item) {
  if (!item) return '';
  if (item.isNull) return '(nil)';
  if (item.items.length > 0 || '*~%>'.includes(item.kind)) return utf8(json(item));
  return utf8(item.text);
}

/**
 * @param {string} line
 * @param {Reply[]} items pairs, one behind the other or each in an array of its own
 */
function twos(line, items) {
  const apart = items.every((item) => item.kind === '*' && item.items.length === 2);
  const flat = apart ? items.flatMap((item) => item.items) : items;
  const scores = /^z|withscores/.test(line);
  return {
    head: scores ? ['member', 'score'] : ['field', 'value'],
    rows: halves(flat).map(([field, value]) => [cell(field), cell(value)]),
  };
}

/**
 * @template T
 * @param {T[]} items
 * @returns {[T, T | undefined][]}
 */
function halves(items) {
  return items.flatMap((item, i) => (i % 2 === 0 ? [[item, items[i + 1]]] : []));
}

/**
 * @param {string[]} names
 * @param {Reply[]} items
 * @returns {Table}
 */
function named(names, items) {
  return { head: ['key', 'value'], rows: items.map((item, i) => [names[i] ?? '', cell(item)]) };
}

/**
 * @param {string[]} head
 * @param {Reply[]} items each an array with a value for each column
 * @returns {Table}
 */
function listed(head, items) {
  const rows = items.filter((item) => !item.isNull);
  return { head, rows: rows.map((row) => head.map((_, i) => phrase(row.items[i]))) };
}

/** What a client typed, and flags, are words rather than a list. @param {Reply | undefined} item */
function phrase(item) {
  return item && item.items.length > 0 ? item.items.map(cell).join(' ') : cell(item);
}

/**
 * Whether an item is pairs of a name and a value with the names of another.
 *
 * @param {Reply} item
 * @param {Reply | undefined} first
 */
function isRecord(item, first) {
  const names = halves(item.items).map(([name]) => name);
  return (
    item.kind === '*' &&
    item.items.length > 2 &&
    item.items.length % 2 === 0 &&
    names.every((name, i) => '$+'.includes(name.kind) && name.text === first?.items[2 * i]?.text)
  );
}

/** @param {Reply[]} items records */
function records(items) {
  return columns(
    [],
    items.map((item) => [[], halves(item.items)]),
  );
}

/** @param {Reply[]} items names of commands, and what is said of each */
function docs(items) {
  return columns(
    ['name'],
    halves(items).map(([name, doc]) => {
      const facts = halves(doc?.items ?? []);
      return [[cell(name)], facts.filter(([, value]) => value?.items.length === 0)];
    }),
  );
}

/** @param {Reply[]} items of a stream */
function entries(items) {
  return columns(
    ['id'],
    items.map((item) => [[cell(item.items[0])], halves(item.items[1]?.items ?? [])]),
  );
}

/**
 * @param {string[]} first what the columns before the fields are called
 * @param {[string[], [Reply, Reply | undefined][]][]} rows
 * @returns {Table}
 */
function columns(first, rows) {
  const names = [...new Set(rows.flatMap(([, fields]) => fields.map(([name]) => cell(name))))];
  return {
    head: [...first, ...names],
    rows: rows.map(([lead, fields]) => {
      const known = new Map(fields.map(([name, value]) => [cell(name), cell(value)]));
      return [...lead, ...names.map((name) => known.get(name) ?? '')];
    }),
  };
}

/**
 * @param {string} line
 * @param {string} text
 * @returns {Table | undefined}
 */
function textTable(line, text) {
  const lines = text.split(/\r?\n/).filter((one) => one !== '');
  if (/^client (list|info)/.test(line)) {
    const rows = lines.map((one) => one.split(' ').map((part) => /^([^=]*)=(.*)$/.exec(part)));
    const head = (rows[0] ?? []).map((part) => part?.[1] ?? '');
    return { head, rows: rows.map((row) => row.map((part) => part?.[2] ?? '')) };
  }
  if (!/^(info|cluster info)/.test(line)) return undefined;
  let section = '';
  /** @type {string[][]} */
  const rows = [];
  for (const one of lines) {
    const [, name, value] = /^([^:]+):(.*)$/.exec(one) ?? [];
    if (name === undefined) section = one.replace(/^# /, '');
    else rows.push([section, name, value ?? '']);
  }
  return { head: ['section', 'name', 'value'], rows };
}
