/**
 * What happens when the memory is full: how full it is, which keys would go first, which have gone
 * and why. It is there once a server has a limit.
 *
 * @module
 */

import { latin1 } from '../src/sds.js';
import { h } from './dom.js';
import { duration, show } from './text.js';
import { t } from './words.js';

/** How many keys are asked how they stand, and how many are named. */
const ASKED_MAX = 4000;
const NAMED = 5;
/** The policy by which no key goes. */
const NONE = 'noeviction';

/**
 * How a policy orders keys: what tells where one stands, whether the greatest goes first, and how
 * that is said.
 *
 * @typedef {object} Order
 * @property {(key: Uint8Array) => any[]} ask
 * @property {boolean} greatest
 * @property {(n: number, now: number) => string} say
 */

/** @param {Uint8Array} key */
const expiry = (key) => ['PEXPIRETIME', key];

/** @type {(word: 'evict.idle' | 'evict.changed') => Order} */
const idle = (word) => ({
  ask: (key) => ['OBJECT', 'IDLETIME', key],
  greatest: true,
  say: (n) => t(word, { time: duration(1000 * n) }),
});

/** @type {Record<string, Order>} */
const ORDERS = {
  lru: idle('evict.idle'),
  lrm: idle('evict.changed'),
  lfu: {
    ask: (key) => ['OBJECT', 'FREQ', key],
    greatest: false,
    say: (n) => t('evict.often', { n }),
  },
  ttl: {
    ask: expiry,
    greatest: false,
    say: (n, now) => t('evict.left', { time: duration(Math.max(0, n - now)) }),
  },
  // It tells that the key is there.
  random: { ask: (key) => ['OBJECT', 'REFCOUNT', key], greatest: false, say: () => '' },
};

/** @typedef {{ key: string, why: string }} Standing */

export class Eviction {
  #root;
  /** How the keys stood that were there last, by their bytes. @type {Map<string, Standing>} */
  #before = new Map();
  /** Which went the last time without one that had to: it is counted before they are asked. */
  #missed = new Map();
  /** Which have gone, the latest first. @type {Standing[]} */
  #gone = [];
  #evicted = 0;
  /** The words of commands since then: what these name has perhaps been deleted. */
  #named = new Set();
  #drawn = '';

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    document.addEventListener('redlet-exchange', (event) => {
      if (root.hidden) return;
      for (const word of /** @type {CustomEvent} */ (event).detail.command ?? [])
        this.#named.add(word);
    });
  }

  /** Forgets what was seen: the server is another. */
  clear() {
    this.#root.hidden = true;
    this.#before.clear();
    this.#missed.clear();
    this.#gone = [];
    this.#evicted = 0;
  }

  /**
   * @param {import('./place.js').Place} place
   * @param {number} db
   * @param {Uint8Array[]} names of its keys
   */
  async renew(place, db, names) {
    const info = await place.info('memory stats');
    const [used, max, evicted] = ['used_memory', 'maxmemory', 'evicted_keys'].map((name) =>
      Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0),
    );
    if (!max) return this.clear();
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? NONE;
    const now = await place.clock.get();
    const standing = await this.#ask(place, db, names.slice(0, ASKED_MAX), policy, now);
    this.#compare(standing, Number(evicted));
    this.#draw(policy, Number(used), max, [...standing.values()]);
  }

  /**
   * Asks how keys stand, those that may go, the first to go first.
   *
   * @param {import('./place.js').Place} place
   * @param {number} db
   * @param {Uint8Array[]} names
   * @param {string} policy
   * @param {number} now
   * @returns {Promise<Map<string, Standing>>}
   */
  async #ask(place, db, names, policy, now) {
    const [who, how = ''] = policy.split('-');
    // Where none goes it is kept in mind how they stand: that may change with the policy.
    const order = ORDERS[policy === NONE ? 'lru' : how];
    if (!order) return new Map();
    const isVolatile = who === 'volatile';
    const lives = isVolatile ? await place.look(db, names.map(expiry)) : [];
    const able = names.filter((_, i) => !isVolatile || Number(lives[i]) > 0);
    const standings = await place.look(db, able.map(order.ask));
    return new Map(
      able
        // Some may have gone since they were named.
        .flatMap((key, i) =>
          Number(standings[i] ?? -1) >= 0 ? [{ key, n: Number(standings[i]) }] : [],
        )
        .sort((a, b) => (order.greatest ? b.n - a.n : a.n - b.n))
        .map(({ key, n }) => [latin1(key), { key: show(key), why: order.say(n, now) }]),
    );
  }

  /**
   * Finds which keys had to go since the last time.
   *
   * @param {Map<string, Standing>} standing
   * @param {number} evicted how many the server says that had to
   */
  #compare(standing, evicted) {
    const more = evicted - this.#evicted;
    const gone = [...this.#missed, ...this.#before].filter(
      ([key]) => !standing.has(key) && !this.#named.has(key),
    );
    if (more > 0) {
      this.#gone.unshift(...gone.slice(0, more).map(([, one]) => one));
      this.#gone.splice(NAMED);
    }
    this.#missed = new Map(more > 0 ? [] : gone.filter(([key]) => this.#before.has(key)));
    this.#evicted = evicted;
    this.#before = standing;
    this.#named.clear();
  }

  /**
   * @param {string} policy
   * @param {number} used
   * @param {number} max
   * @param {Standing[]} standing
   */
  #draw(policy, used, max, standing) {
    const [who, how = ''] = policy.split('-');
    const whose = who === 'allkeys' ? 'evict.all' : 'evict.volatile';
    const rule =
      policy === NONE
        ? t('evict.noeviction')
        : `${t(whose, { policy })} ${t(/** @type {import('./words.js').Word} */ (`evict.${how}`))}`;
    const full = t('evict.used', { used: megabytes(used), max: megabytes(max) });
    const next = policy === NONE || how === 'random' ? [] : standing.slice(0, NAMED);
    const drawn = JSON.stringify([rule, full, next, this.#gone, this.#evicted]);
    if (drawn === this.#drawn && !this.#root.hidden) return;
    this.#drawn = drawn;
    this.#root.hidden = false;
    this.#root.replaceChildren(
      h('div.row', {}, h('h2', {}, t('evict.title')), h('span.muted', {}, full)),
      h('progress', { max, value: used, 'aria-label': full }),
      h('p.small', {}, rule),
      ...list('next', t('evict.next'), next),
      next.length > 0 ? h('p.small.muted', {}, t('evict.samples')) : '',
      ...list('gone', t('evict.gone'), this.#gone),
      this.#evicted > 0 ? h('p.small.muted', {}, t('evict.count', { n: this.#evicted })) : '',
    );
  }
}

/**
 * @param {'next' | 'gone'} kind
 * @param {string} title
 * @param {Standing[]} items
 */
function list(kind, title, items) {
  if (items.length === 0) return [];
  const lines = items.map(({ key, why }) =>
    h('li', {}, h('code', {}, key), h('span.muted', {}, why)),
  );
  return [h('h3', {}, title), h('ol', { class: kind }, lines)];
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / (1 << 20)).toFixed(2)} MB`;
}
