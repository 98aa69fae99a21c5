/**
 * The clients side by side.
 *
 * @module
 */

import { button, find, h } from './dom.js';
import { onceAFrame } from './latest.js';
import { Pane } from './pane.js';
import { t } from './words.js';

/** How many clients there may be at once. */
const PANES_MAX = 6;
/** How soon behind a command what it sets off arrives at others, in milliseconds. */
const SOON_MS = 400;

/** Whether things may move. */
const moves = matchMedia('(prefers-reduced-motion: no-preference)');

export class Panes {
  #root;
  #tabs;
  #app;
  /** @type {Pane[]} */
  all = [];
  /** @type {Pane} the one that was used last */
  active;
  /** Who has sent a command last, and when. @type {{ pane: Pane, at: number } | undefined} */
  #last;
  #made = 0;
  /** @type {import('./pane.js').View} */
  #view = 'cli';

  /**
   * @param {HTMLElement} root
   * @param {Omit<import('./pane.js').Surroundings, 'close'>} app
   */
  constructor(root, app) {
    this.#root = root;
    this.#tabs = find('.pane-tabs');
    this.#app = { ...app, close: (/** @type {Pane} */ pane) => this.close(pane) };
    this.active = this.add();
  }

  /** Opens another client. @param {string} [name] */
  add(name) {
    const pane = new Pane(this.#app, name ?? `${t('pane.client')}-${++this.#made}`);
    pane.addEventListener('focusin', () => this.activate(pane));
    this.all.push(pane);
    this.#root.append(pane);
    pane.view(this.#view);
    pane.connect();
    this.activate(pane);
    this.show();
    return pane;
  }

  /** Has all show replies otherwise. @param {import('./pane.js').View} view */
  view(view) {
    this.#view = view;
    for (const pane of this.all) pane.view(view);
  }

  /** @param {Pane} pane */
  close(pane) {
    if (this.all.length === 1) return;
    pane.end();
    this.all = this.all.filter((other) => other !== pane);
    if (this.active === pane) this.activate(/** @type {Pane} */ (this.all.at(-1)));
    this.show();
    this.active.focus();
  }

  /** @param {Pane} pane */
  activate(pane) {
    if (this.active === pane) return;
    this.active = pane;
    this.show();
    document.dispatchEvent(new CustomEvent('redlet-pane'));
  }

  /** Whether no more can be added. */
  get full() {
    return this.all.length >= PANES_MAX;
  }

  /** Shows which there are, and which is used. */
  show() {
    this.#root.dataset.count = String(this.all.length);
    for (const pane of this.all) pane.toggleAttribute('data-active', pane === this.active);
    this.#tabs.hidden = this.all.length < 2;
    if (this.#tabs.hidden) return;
    const tabs = this.all.map((pane) =>
      button(pane.name, () => (this.activate(pane), pane.focus()), {
        class: 'pane-tab',
        'aria-pressed': String(pane === this.active),
        'data-state': pane.dataset.state,
      }),
    );
    const before = [...this.#tabs.children].map((tab) => tab.outerHTML).join();
    if (before === tabs.map((tab) => tab.outerHTML).join()) return;
    this.#tabs.replaceChildren(...tabs);
    this.#tabs.querySelector('[aria-pressed=true]')?.scrollIntoView({ block: 'nearest' });
  }

  /**
   * Takes note of a command that was answered: what comes to others behind it came from it.
   *
   * @param {Pane} pane
   * @param {import('../src/cli/session.js').Exchange} exchange
   */
  exchanged(pane, { words, reply }) {
    const now = performance.now();
    const from = this.#last;
    const waited = words && /^(B|X?READ|WAIT)/i.test(String(words[0]));
    if (from && from.pane !== pane && now - from.at < SOON_MS && (!words || waited))
      fly(from.pane, pane);
    else if (!words) flash(pane);
    document.dispatchEvent(
      new CustomEvent('redlet-exchange', { detail: { pane: pane.name, command: words, reply } }),
    );
    this.showSoon();
  }

  /** Shows it soon: commands may come by the thousand. */
  showSoon = onceAFrame(() => this.show());

  /** @param {Pane} pane that sends a command now */
  sends(pane) {
    this.#last = { pane, at: performance.now() };
  }
}

/** @param {HTMLElement} pane */
function flash(pane) {
  if (!moves.matches) return;
  const colour = getComputedStyle(pane).getPropertyValue('--accent-soft');
  pane.animate([{ backgroundColor: colour }, {}], { duration: 900, easing: 'ease-out' });
}

/**
 * Has something fly from a client to another.
 *
 * @param {HTMLElement} from
 * @param {HTMLElement} to
 */
function fly(from, to) {
  if (!moves.matches) return;
  const [start, end] = [middle(from), middle(to)];
  const half = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 - 60 };
  const spark = h('span.spark', { 'aria-hidden': 'true' });
  document.body.append(spark);
  const place = (/** @type {{ x: number, y: number }} */ { x, y }, scale = 1) => ({
    transform: `translate(${x}px, ${y}px) scale(${scale})`,
  });
  const flight = spark.animate([place(start, 0.4), place(half, 1.4), place(end, 0.6)], {
    duration: 520,
    easing: 'ease-in-out',
  });
  flight.onfinish = flight.oncancel = () => {
    spark.remove();
    flash(to);
  };
}

/** @param {HTMLElement} pane where something leaves it and arrives */
function middle(pane) {
  const box = find('.line', pane).getBoundingClientRect();
  return { x: box.left + 40, y: box.top + 4 };
}
