/**
 * The keys: found by a filter, folded by `:`, a page at a time, one of them looked into.
 *
 * @module
 */

import { latin1 } from '../src/sds.js';
import { button, find, h } from './dom.js';
import { latest } from './latest.js';
import { Eviction } from './eviction.js';
import { Look } from './look.js';
import { duration, quoted, show } from './text.js';
import { t } from './words.js';

/** How many keys are shown at a time. */
const PAGE = 100;
/** How many names are read to be sorted and folded; of more only these. */
const NAMES_MAX = 20_000;
const SCAN = 2_000;
/** How often the view is renewed while nothing seems to happen, in milliseconds. */
const PERIOD_MS = 1000;

/** @typedef {import('./main.js').App} App */

/**
 * @typedef {object} Row
 * @property {Uint8Array} key
 * @property {string} type
 * @property {string} encoding
 * @property {number} expiry milliseconds since the Unix epoch; negative if there is none
 * @property {number} bytes
 * @property {string} value
 */

/** How the beginning of a value is read. @type {Record<string, (key: Uint8Array) => any[]>} */
const READERS = {
  string: (key) => ['GETRANGE', key, 0, 120],
  list: (key) => ['LRANGE', key, 0, 8],
  hash: (key) => ['HSCAN', key, 0, 'COUNT', 8],
  set: (key) => ['SSCAN', key, 0, 'COUNT', 8],
  zset: (key) => ['ZRANGE', key, 0, 8, 'WITHSCORES'],
  stream: (key) => ['XREVRANGE', key, '+', '-', 'COUNT', 3],
  vectorset: (key) => ['VCARD', key],
};

export class Keys {
  #app;
  #root;
  #look;
  #eviction;
  #db = -1;
  /** @type {Uint8Array[]} */
  #names = [];
  #size = 0;
  #changes = '';
  #shown = PAGE;
  /** @type {Set<string>} folders that are open */
  #open = new Set();
  /** @type {Map<string, string>} what the rows said last */
  #before = new Map();
  /** By how much each key's time to live was longest. @type {Map<string, number>} */
  #longest = new Map();

  /**
   * @param {App} app
   * @param {HTMLElement} root
   */
  constructor(app, root) {
    this.#app = app;
    this.#root = root;
    root.append(...frame(this));
    this.#look = new Look(app, find('.look', root));
    this.#eviction = new Eviction(find('.eviction', root));
    app.watch(() => this.renew());
    app.moved(() => {
      this.#eviction.clear();
      this.forget();
    });
    document.addEventListener('redlet-pane', () => this.renew());
    setInterval(() => document.hidden || this.renew(), PERIOD_MS);
    void this.renew();
  }

  get #filter() {
    return /** @type {HTMLInputElement} */ (find('.filter', this.#root)).value;
  }

  /** Has the pane select another database. @param {number} db */
  select(db) {
    this.#app.panes.active.run(`SELECT ${db}`);
  }

  /** Reads everything anew. */
  forget() {
    this.#changes = '';
    this.#shown = PAGE;
    void this.renew();
  }

  /** Shows what is there now. */
  renew = latest(() => this.#read());

  async #read() {
    const { place, panes } = this.#app;
    if (!place) return this.#nothing();
    const { db } = panes.active;
    const [size] = await place.look(db, [['DBSIZE']]);
    const changes = await place.changes();
    if (changes !== this.#changes || db !== this.#db || size !== this.#size) {
      [this.#changes, this.#db, this.#size] = [changes, db, size];
      this.#names = await names(place, db, this.#filter);
      this.#app.keys = this.#names.slice(0, 5000).map(quoted);
    }
    const tree = folded(this.#names, this.#open, this.#filter !== '');
    const shown = tree.slice(0, this.#shown);
    const rows = await facts(
      place,
      db,
      shown.flatMap((item) => (item.key ? [item.key] : [])),
    );
    this.#draw(shown, rows, await place.clock.get(), tree.length);
    await this.#eviction.renew(place, db, this.#names);
    await this.#look.renew(place, db);
  }

  /** Shows that there is no server. */
  #nothing() {
    [this.#changes, this.#size, this.#names] = ['', 0, []];
    this.#app.keys = [];
    this.#draw([], new Map(), 0, 0);
    this.#look.clear();
    this.#eviction.clear();
  }

  /**
   * @param {Item[]} items
   * @param {Map<string, Row>} rows
   * @param {number} now
   * @param {number} total
   */
  #draw(items, rows, now, total) {
    const root = this.#root;
    const count = this.#size;
    find('.count', root).textContent = counted(count, this.#names.length, this.#filter);
    find('.empty', root).hidden = count > 0;
    const db = /** @type {HTMLSelectElement} */ (find('.db', root));
    db.value = String(this.#db);
    const list = find('.list', root);
    list.hidden = this.#names.length === 0;
    const known = new Map(
      [...list.children].map((line) => [line.getAttribute('data-key'), /** @type {any} */ (line)]),
    );
    const now2 = new Map();
    const lines = items.map((item) => {
      const id = (item.key ? 'k' : 'f') + item.id;
      const line = known.get(id) ?? this.#line(id, item);
      const row = item.key && rows.get(item.id);
      if (!row) {
        find('.fold', line).textContent = `${item.open ? '▾' : '▸'} ${item.name}`;
        find('.kind', line).textContent = String(item.count);
        return line;
      }
      const text = `${row.type} ${row.value} ${row.expiry}`;
      now2.set(id, text);
      line.classList.toggle('changed', this.#before.get(id) !== text);
      this.#fill(line, row, now);
      return line;
    });
    this.#before = now2;
    if (lines.length !== list.children.length || lines.some((line, i) => list.children[i] !== line))
      list.replaceChildren(...lines);
    const more = find('.more', root);
    more.hidden = total <= this.#shown;
    more.textContent = t('keys.more', { shown: Math.min(this.#shown, total), total });
  }

  /** Shows another page. */
  more() {
    this.#shown += PAGE;
    void this.renew();
  }

  /**
   * @param {string} id
   * @param {Item} item
   */
  #line(id, item) {
    const line = h('li', { 'data-key': id, 'data-depth': item.depth });
    line.style.paddingLeft = `${item.depth * 0.9}rem`;
    if (!item.key) {
      const toggle = () => {
        if (!this.#open.delete(item.id)) this.#open.add(item.id);
        void this.renew();
      };
      line.append(button(item.name, toggle, { class: 'fold' }), h('span.kind'));
      return line;
    }
    const { key } = item;
    line.append(
      button(item.name, () => this.choose(key), { class: 'key' }),
      h('span.kind', {}, h('span.type'), h('span.encoding')),
      h('span.ttl', {}, h('span.left'), h('span.bar', { 'aria-hidden': 'true' }, h('i'))),
      h('span.value'),
    );
    return line;
  }

  /**
   * Has a key looked into, once it is there, or none.
   *
   * @param {Uint8Array} [key]
   * @param {string} [view] which of its type's pictures; by default the first
   */
  choose(key, view) {
    if (key) this.#look.choose(key, view);
    else this.#look.clear();
    void this.renew();
  }

  /**
   * @param {HTMLElement} line
   * @param {Row} row
   * @param {number} now
   */
  #fill(line, row, now) {
    const id = String(line.dataset.key);
    const set = (/** @type {string} */ selector, /** @type {string} */ text) => {
      const element = find(selector, line);
      if (element.textContent !== text) element.textContent = text;
    };
    const left = row.expiry < 0 ? -1 : Math.max(0, row.expiry - now);
    if (left < 0) this.#longest.delete(id);
    else this.#longest.set(id, Math.max(left, this.#longest.get(id) ?? 0));
    set('.type', row.type);
    set('.encoding', row.encoding === row.type ? '' : row.encoding);
    set('.left', duration(left));
    set('.value', row.value);
    line.toggleAttribute('data-chosen', this.#look.shows(row.key));
    find('.bar', line).hidden = left < 0;
    find('.bar > i', line).style.width = `${(100 * left) / (this.#longest.get(id) || 1)}%`;
  }
}

/** @param {Keys} keys */
function frame(keys) {
  const db = h('select.db', { 'aria-label': t('keys.db') });
  for (let i = 0; i < 16; i++) db.append(h('option', { value: i }, `db ${i}`));
  db.addEventListener('change', () =>
    keys.select(Number(/** @type {HTMLSelectElement} */ (db).value)),
  );
  const filter = h('input.text.filter', {
    type: 'search',
    placeholder: t('keys.filter'),
    'aria-label': t('keys.filter'),
  });
  filter.addEventListener('input', () => keys.forget());
  return [
    h('div.row', {}, h('h2', {}, t('tab.keys')), h('span.count.muted'), h('span.grow'), filter, db),
    h('p.empty.muted', {}, t('keys.none')),
    h('ul.list', { hidden: true, 'aria-label': t('tab.keys') }),
    button('', () => keys.more(), { class: 'more', hidden: true }),
    h('section.eviction', { hidden: true, 'aria-label': t('evict.title') }),
    h('div.look', {}),
  ];
}

/**
 * @param {number} size of the database
 * @param {number} found
 * @param {string} filter
 */
function counted(size, found, filter) {
  const number = (/** @type {number} */ n) => n.toLocaleString(document.documentElement.lang);
  if (size === 0) return '';
  if (filter !== '' || found < size)
    return t('keys.some', { found: number(found), size: number(size) });
  return t(size === 1 ? 'keys.one' : 'keys.all', { size: number(size) });
}

/**
 * @param {import('./place.js').Place} place
 * @param {number} db
 * @param {string} filter
 * @returns {Promise<Uint8Array[]>} sorted, each once
 */
async function names(place, db, filter) {
  const glob = /[*?[]/.test(filter) ? filter : `*${filter}*`;
  const match = filter === '' ? [] : ['MATCH', glob];
  /** @type {Map<string, Uint8Array>} */
  const all = new Map();
  let cursor = '0';
  do {
    const [reply] = await place.look(db, [['SCAN', cursor, 'COUNT', SCAN, ...match]]);
    cursor = latin1(reply[0]);
    for (const key of reply[1]) all.set(latin1(key), key);
  } while (cursor !== '0' && all.size < NAMES_MAX);
  return [...all.keys()].sort().map((name) => /** @type {Uint8Array} */ (all.get(name)));
}

/**
 * @param {import('./place.js').Place} place
 * @param {number} db
 * @param {Uint8Array[]} keys
 * @returns {Promise<Map<string, Row>>}
 */
async function facts(place, db, keys) {
  const first = await place.look(
    db,
    keys.flatMap((key) => [
      ['TYPE', key],
      ['OBJECT', 'ENCODING', key],
      ['PEXPIRETIME', key],
      ['MEMORY', 'USAGE', key],
    ]),
  );
  const types = keys.map((_, i) => show(first[4 * i]));
  const reads = keys.map((key, i) => READERS[String(types[i])]?.(key) ?? ['TYPE', key]);
  const values = await place.look(db, reads);
  /** @type {Map<string, Row>} */
  const rows = new Map();
  keys.forEach((key, i) => {
    const type = String(types[i]);
    if (type === 'none') return;
    rows.set(latin1(key), {
      key,
      type,
      encoding: show(first[4 * i + 1]),
      expiry: Number(first[4 * i + 2]),
      bytes: Number(first[4 * i + 3]),
      value: preview(type, values[i]),
    });
  });
  return rows;
}

/**
 * A key or a folder of keys.
 *
 * @typedef {object} Item
 * @property {string} id
 * @property {string} name
 * @property {number} depth
 * @property {Uint8Array} [key]
 * @property {boolean} [open]
 * @property {number} [count]
 */

/** How many keys with one beginning make a folder. */
const FOLDER_MIN = 4;

/**
 * Keys in folders by what stands before a `:`.
 *
 * @param {Uint8Array[]} keys sorted
 * @param {Set<string>} open
 * @param {boolean} all whether all folders are open
 * @param {string} [prefix]
 * @param {number} [depth]
 * @returns {Item[]}
 */
function folded(keys, open, all, prefix = '', depth = 0) {
  /** @type {Map<string, Uint8Array[]>} */
  const groups = new Map();
  for (const key of keys) {
    const name = latin1(key);
    const colon = name.indexOf(':', prefix.length);
    const group = colon < 0 ? `=${name}` : name.slice(0, colon + 1);
    const members = groups.get(group);
    if (members) members.push(key);
    else groups.set(group, [key]);
  }
  /** @type {Item[]} */
  const items = [];
  for (const [group, members] of groups) {
    if (group.startsWith('=') || members.length < FOLDER_MIN) {
      for (const key of members)
        items.push({ id: latin1(key), name: named(key, prefix), depth, key });
      continue;
    }
    const isOpen = all || open.has(group);
    const name = `${group.slice(prefix.length)}*`;
    items.push({ id: group, name, depth, open: isOpen, count: members.length });
    if (isOpen) items.push(...folded(members, open, all, group, depth + 1));
  }
  return items;
}

/**
 * @param {Uint8Array} key
 * @param {string} prefix that stands above it
 */
function named(key, prefix) {
  return show(key).slice(prefix.length);
}

/**
 * @param {string} type
 * @param {any} reply
 */
function preview(type, reply) {
  const items = type === 'hash' || type === 'set' ? (reply?.[1] ?? []) : reply;
  if (type === 'string' || type === 'vectorset') return show(items);
  if (!Array.isArray(items)) return '';
  if (type === 'hash')
    return items
      .flatMap((item, i) => (i % 2 ? [`${show(items[i - 1])}: ${show(item)}`] : []))
      .join(', ');
  if (type === 'zset')
    return items.map(([member, score]) => `${show(member)} = ${score}`).join(', ');
  if (type === 'stream') return items.map(([id]) => show(id)).join(', ');
  return items.map(show).join(', ');
}
