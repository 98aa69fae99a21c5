/**
 * The playground: what is there at once, and how the rest comes to it.
 *
 * @module
 */

import { find } from './dom.js';
import { Panes } from './panes.js';
import { chooseLanguage, fill, t } from './words.js';

/** @typedef {import('./place.js').Place} Place */

/**
 * @typedef {(kind: 'kept' | 'fresh' | 'branch', snapshot?: Uint8Array,
 *   config?: Record<string, string>, seed?: string) => Promise<Place>} OpenOwn
 */

/** How often what shows the server is renewed at most, in milliseconds. */
const RENEWAL_MS = 250;

/** How many lines a link of commands has at most: the last. */
const LINES_MAX = 5000;

/** What the parts of the page share. */
export class App {
  /** @type {Place | undefined} */
  place;
  /** @type {import('../src/cli/commands.js').Commands | undefined} */
  commands;
  /** What has been run at a server since its data were new. @type {WeakMap<Place, string[]>} */
  #lines = new WeakMap();
  /** Names of keys that may be meant. @type {string[]} */
  keys = [];
  /** Explains commands. @type {(words: string[]) => Node} */
  help = () => document.createTextNode(t('help.later'));
  /** Opens the editor for scripts. @type {() => unknown} */
  edit = () => undefined;
  /** Shows a reply otherwise. @type {import('./pane.js').Surroundings['shown']} */
  shown = () => undefined;
  /** @type {(exchange: import('./pane.js').Exchange) => Node | undefined} */
  wire = () => undefined;
  /** Keeps the server's state, if it is another than the last. */
  keepState = () => Promise.resolve();
  /** What is said at first. @type {HTMLElement | undefined} */
  welcome;
  /** What is told that the server may have changed. @type {Set<() => unknown>} */
  #watchers = new Set();
  /** What is told that the place is another. @type {Set<() => unknown>} */
  #movers = new Set();
  #due = false;
  panes;
  /** Opens a server of the page's own. @type {OpenOwn} */
  own = () => Promise.reject(new Error(t('help.later')));

  constructor() {
    this.panes = new Panes(find('#panes'), {
      redis: () => this.place?.redis,
      commands: () => this.commands,
      keys: () => this.keys,
      changed: () => this.changed(),
      sent: (pane, words) => this.#sent(pane, words),
      ran: (line) => this.#ran(line),
      stopped: (pane, line) => this.#stopped(pane, line),
      exchanged: (pane, exchange) => this.panes.exchanged(pane, exchange),
      shown: (exchange, view) => this.shown(exchange, view),
      wire: (exchange) => this.wire(exchange),
      help: (words) => this.help(words),
      edit: () => this.edit(),
      stop: (pane) => this.#stop(pane),
    });
  }

  /** What has been run at this server since its data were new. */
  get lines() {
    const { place } = this;
    if (!place) return [];
    const lines = this.#lines.get(place) ?? [];
    this.#lines.set(place, lines);
    return lines;
  }

  /** @param {string} line */
  #ran(line) {
    const { lines } = this;
    lines.push(line);
    if (lines.length > LINES_MAX) lines.shift();
  }

  /** Says that the data are new. */
  anew() {
    if (this.place) this.#lines.delete(this.place);
    this.place?.recording?.spoil();
    this.changed();
  }

  /**
   * @param {import('./pane.js').Pane} pane
   * @param {readonly string[]} words
   */
  #sent(pane, words) {
    this.place?.recording?.note(this.panes.all.indexOf(pane), words);
    this.panes.sends(pane);
  }

  /**
   * Has what was stopped not run again from a link of commands.
   *
   * @param {import('./pane.js').Pane} pane
   * @param {string} line
   */
  #stopped(pane, line) {
    this.place?.recording?.note(this.panes.all.indexOf(pane), []);
    const { lines } = this;
    const at = lines.lastIndexOf(line);
    if (at >= 0) lines.splice(at, 1);
  }

  /** Says that the server may have changed. */
  changed() {
    this.panes.showSoon();
    if (this.#due) return;
    this.#due = true;
    setTimeout(() => {
      this.#due = false;
      for (const watcher of this.#watchers) watcher();
    }, RENEWAL_MS);
  }

  /** @param {() => unknown} watcher is called when the server may have changed */
  watch(watcher) {
    this.#watchers.add(watcher);
  }

  /** @param {() => unknown} mover is called when the server is another */
  moved(mover) {
    this.#movers.add(mover);
  }

  /**
   * Has another server.
   *
   * @param {Place} place
   * @param {boolean} [keep] whether the last one goes on
   */
  async move(place, keep = false) {
    const last = this.place;
    this.place = place;
    for (const pane of this.panes.all) pane.connect();
    if (last && last !== place && !keep) await last.close();
    for (const mover of this.#movers) mover();
    this.changed();
  }

  /** Says that the server has gone: what is typed waits for another. */
  lost() {
    this.place = undefined;
    for (const pane of this.panes.all) pane.connect();
    for (const mover of this.#movers) mover();
  }

  /** @param {import('./pane.js').Pane} pane */
  async #stop(pane) {
    const why = await this.place?.kill();
    if (why) pane.print(t('stop.unkillable'), 'note');
  }
}

/** @param {App} app */
function tabs(app) {
  const main = find('main');
  const buttons = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-tab]'));
  const show = (/** @type {string} */ tab) => {
    main.dataset.tab = tab;
    for (const button of buttons) {
      if (button !== main) button.setAttribute('aria-pressed', String(button.dataset.tab === tab));
    }
  };
  for (const button of buttons) {
    if (button !== main) button.addEventListener('click', () => show(String(button.dataset.tab)));
  }
  find('#add').addEventListener('click', () => {
    if (!app.panes.full) app.panes.add().focus();
  });
  show('terminal');
}

try {
  const theme = localStorage.getItem('redlet.theme');
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // The browser's theme does.
}
await chooseLanguage();
fill(document);
const app = new App();
tabs(app);
app.welcome = app.panes.active.print(t('welcome'), 'note');
app.panes.active.focus();
try {
  const { start } = await import('./start.js');
  await start(app);
} catch (error) {
  const why = /** @type {Error} */ (error).message;
  app.panes.active.print(t('loading.failed', { why }), 'error');
}
