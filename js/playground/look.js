/**
 * One key, looked into: what it is, how it is kept, and a picture that moves as it changes.
 *
 * @module
 */

import { latin1 } from '../src/sds.js';
import { button, find, h } from './dom.js';
import { PICTURES } from './pictures/pictures.js';
import { readTable } from './pictures/table.js';
import { duration, quoted, show } from './text.js';
import { t } from './words.js';

/** @typedef {import('./main.js').App} App */
/** @typedef {import('./pictures/table.js').Table} Table */

/** The command with which a person reads a value. @type {Record<string, string>} */
const READS = {
  string: 'GET {key}',
  list: 'LRANGE {key} 0 -1',
  hash: 'HGETALL {key}',
  set: 'SMEMBERS {key}',
  zset: 'ZRANGE {key} 0 -1 WITHSCORES',
  stream: 'XRANGE {key} - +',
  vectorset: 'VINFO {key}',
};

const moves = matchMedia('(prefers-reduced-motion: no-preference)');

export class Look {
  #app;
  #root;
  /** @type {Uint8Array | undefined} */
  #key;
  /** What is drawn. */
  #drawn = '';
  /** How the key is kept, and since when another way: said once. */
  #encoding = '';
  /** @type {string} which of a type's pictures was chosen */
  #view = '';
  /** Its hash table, if it has one. @type {Table | undefined} */
  #table;
  /** What that was before it grew. @type {Table | undefined} */
  #grown;

  /**
   * @param {App} app
   * @param {HTMLElement} root
   */
  constructor(app, root) {
    this.#app = app;
    this.#root = root;
    this.clear();
  }

  /** Looks at nothing. */
  clear() {
    this.#key = undefined;
    this.#root.replaceChildren(h('p.muted.small', {}, t('look.how')));
  }

  /** @param {Uint8Array} key */
  shows(key) {
    return this.#key !== undefined && latin1(key) === latin1(this.#key);
  }

  /**
   * @param {Uint8Array} key
   * @param {string} [view]
   */
  choose(key, view = '') {
    this.#key = key;
    this.#view = view;
    this.#drawn = this.#encoding = '';
    this.#table = this.#grown = undefined;
    this.#root.replaceChildren(
      h('div.row', {}, h('h2.name', {}, show(key)), h('span.grow'), this.#actions()),
      h('p.facts.small.muted'),
      h('p.turned.small', { role: 'status', hidden: true }),
      h('div.views.row', { role: 'group', 'aria-label': t('look.views'), hidden: true }),
      h('div.picture', { tabindex: 0, role: 'group', 'aria-label': t('look.picture') }),
    );
    this.#root.scrollIntoView({ block: 'nearest' });
  }

  #actions() {
    const pane = () => this.#app.panes.active;
    const key = quoted(/** @type {Uint8Array} */ (this.#key));
    const read = () => {
      const { type = '' } = this.#root.dataset;
      if (READS[type]) pane().run(String(READS[type]).replace('{key}', () => key));
    };
    return h(
      'span.actions.row',
      {},
      button(t('look.read'), read, { class: 'read' }),
      button(t('look.expire'), () => pane().propose(`EXPIRE ${key} 60`)),
      button(t('look.delete'), () => pane().run(`DEL ${key}`), { class: 'delete' }),
    );
  }

  /**
   * Shows what the key is now.
   *
   * @param {import('./place.js').Place} place
   * @param {number} db
   */
  async renew(place, db) {
    const key = this.#key;
    if (!key) return;
    const [type, encoding, bytes, expiry, idle, now] = [
      ...(await place.look(db, [
        ['TYPE', key],
        ['OBJECT', 'ENCODING', key],
        ['MEMORY', 'USAGE', key],
        ['PEXPIRETIME', key],
        ['OBJECT', 'IDLETIME', key],
      ])),
      await place.clock.get(),
    ];
    if (key !== this.#key) return;
    const kind = show(type);
    this.#root.dataset.type = kind;
    if (kind === 'none') return this.#gone();
    find('.actions', this.#root).hidden = false;
    const kept = show(encoding) === kind ? [] : [show(encoding)];
    const facts = [kind, ...kept, t('look.bytes', { n: Number(bytes) })];
    if (Number(expiry) >= 0)
      facts.push(t('look.ttl', { ttl: duration(Math.max(0, Number(expiry) - now)) }));
    if (!(idle instanceof Error)) facts.push(t('look.idle', { n: Number(idle) }));
    find('.facts', this.#root).textContent = facts.join(' · ');
    this.#turned(kind, show(encoding));
    await this.#picture(place, db, kind, { encoding: show(encoding), bytes: Number(bytes) }, now);
  }

  #gone() {
    find('.facts', this.#root).textContent = t('look.gone');
    find('.picture', this.#root).replaceChildren();
    for (const part of ['.actions', '.turned', '.views']) find(part, this.#root).hidden = true;
    this.#drawn = this.#encoding = '';
  }

  /**
   * Says that a value is kept another way than before.
   *
   * @param {string} type
   * @param {string} encoding
   */
  #turned(type, encoding) {
    const now = `${type} ${encoding}`;
    const before = this.#encoding;
    this.#encoding = now;
    if (before === '' || before === now || !before.startsWith(`${type} `)) return;
    this.#say(t('look.turned', { before: before.slice(type.length + 1), now: encoding }));
  }

  /**
   * Takes note of the key's hash table, and says when it has grown.
   *
   * @param {Table | undefined} table
   */
  #tabled(table) {
    const before = this.#table;
    this.#table = table;
    if (!table || !before || table.places < before.places) this.#grown = undefined;
    else if (table.places > before.places) {
      this.#grown = before;
      this.#say(t('look.grew', { before: before.places, places: table.places }));
    }
  }

  /** Says that something has happened to the key. @param {string} what */
  #say(what) {
    const said = find('.turned', this.#root);
    said.hidden = false;
    said.textContent = what;
  }

  /**
   * @param {import('./place.js').Place} place
   * @param {number} db
   * @param {string} type
   * @param {import('./pictures/pictures.js').Kept} kept
   * @param {number} now
   */
  async #picture(place, db, type, kept, now) {
    const key = /** @type {Uint8Array} */ (this.#key);
    const kinds = PICTURES[type];
    if (!kinds) return;
    const first = await place.look(db, kinds.read(key));
    const more = kinds.more ? await place.look(db, kinds.more(key, first, kept)) : [];
    const table =
      kinds.scan && kept.encoding === 'hashtable'
        ? await readTable(
            (commands) => place.look(db, commands),
            kinds.scan(key),
            Number(first[0]),
            this.#table?.places ?? 0,
          )
        : undefined;
    if (key !== this.#key) return;
    const views = kinds.views(first);
    const view = views.includes(this.#view) ? this.#view : String(views[0]);
    const lives = kinds.lives?.(first, more) ? Math.floor(now / 1000) : 0;
    const drawn = `${lives} ${view} ${kept.encoding} ${text([first, more, table])}`;
    if (drawn === this.#drawn) return;
    const fresh = this.#drawn === '';
    this.#drawn = drawn;
    this.#choice(views, view);
    this.#tabled(table);
    const pane = () => this.#app.panes.active;
    const picture = kinds.draw({
      key: quoted(key),
      view,
      encoding: kept.encoding,
      table,
      grown: this.#grown,
      now,
      first,
      more,
      propose: (line) => pane().propose(line),
    });
    move(find('.picture', this.#root), picture, fresh);
  }

  /**
   * @param {string[]} views
   * @param {string} chosen
   */
  #choice(views, chosen) {
    const group = find('.views', this.#root);
    group.hidden = views.length < 2;
    const choose = (/** @type {string} */ view) => {
      this.#view = view;
      this.#app.changed();
    };
    group.replaceChildren(
      ...views.map((view) =>
        button(t(/** @type {import('./words.js').Word} */ (`view.${view}`)), () => choose(view), {
          'aria-pressed': String(view === chosen),
        }),
      ),
    );
  }
}

/** @param {unknown} replies */
function text(replies) {
  return JSON.stringify(replies, (_, value) =>
    value instanceof Uint8Array
      ? latin1(value)
      : value instanceof Map
        ? [...value]
        : value instanceof Set
          ? [...value]
          : typeof value === 'bigint'
            ? String(value)
            : value,
  );
}

/**
 * Puts a picture in the place of another: what both have moves there, what is new shines up. Parts
 * are the same that have the same `data-id`, and unchanged if their text is.
 *
 * @param {HTMLElement} root
 * @param {Node} picture
 * @param {boolean} first whether it is another key's
 */
function move(root, picture, first) {
  const before = new Map(
    first || !moves.matches
      ? []
      : [...root.querySelectorAll('[data-id]')].map((part) => [
          part.getAttribute('data-id'),
          { box: part.getBoundingClientRect(), text: part.textContent },
        ]),
  );
  root.replaceChildren(picture);
  if (first || !moves.matches) return;
  for (const part of root.querySelectorAll('[data-id]')) {
    const was = before.get(part.getAttribute('data-id'));
    if (!was || was.text !== part.textContent) {
      part.animate([{ opacity: 0.2 }, { opacity: 1 }], { duration: 500, easing: 'ease-out' });
      continue;
    }
    const box = part.getBoundingClientRect();
    const [x, y] = [was.box.left - box.left, was.box.top - box.top];
    if (x !== 0 || y !== 0)
      part.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: 'none' }], {
        duration: 350,
        easing: 'ease-in-out',
      });
  }
}
