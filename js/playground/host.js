/**
 * The page for what teaches in it, and for the browser's console, as `redlet`.
 *
 * @module
 */

import { button, find, h } from './dom.js';
import { t } from './words.js';

/** @typedef {import('./main.js').App} App */
/** @typedef {import('./pane.js').Pane} Pane */

/** Who teaches is told by events `redlet-exchange` of the document what clients are answered. */
export class Host {
  /** Whether what was here can be come back to, so that nobody need be asked before a reset. */
  keeps = true;
  #app;
  /** What was left for a server as new. @type {import('./place.js').Place | undefined} */
  #left;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
  }

  /** The server that the page is at now. */
  get redis() {
    const { place } = this.#app;
    if (!place) throw new Error('redlet: there is no server now');
    return place.redis;
  }

  /** Turns its clock, in milliseconds. */
  get clock() {
    const { place } = this.#app;
    if (!place) throw new Error('redlet: there is no server now');
    return place.clock;
  }

  /** The clients. @returns {readonly Pane[]} */
  get panes() {
    return this.#app.panes.all;
  }

  /** What a client is called here. @param {string} client A for the first, B for the second */
  nameOf(client) {
    const at = client.charCodeAt(0) - 65;
    return this.panes[at]?.name ?? `${t('pane.client')}-${at + 1}`;
  }

  /**
   * Has a client enter a line, as if it had been typed.
   *
   * @param {string} line
   * @param {string} [client] A for the first, B for the second, which is opened if need be; by
   *   default the one that was used last
   */
  run(line, client) {
    const { panes } = this.#app;
    const at = client ? client.toUpperCase().charCodeAt(0) - 65 : panes.all.indexOf(panes.active);
    while (panes.all.length <= at && !panes.full) panes.add();
    const pane = panes.all[at] ?? panes.active;
    panes.activate(pane);
    pane.run(line);
  }

  /**
   * Puts the page at a server as new. The data that are kept stay where they are; the page says how
   * to come back to them.
   *
   * @param {Record<string, string>} [config] parameters that the server has besides
   */
  async reset(config) {
    const app = this.#app;
    const place = await app.own('fresh', undefined, config);
    // A lesson puts there what no client of the page's does.
    place.recording?.spoil();
    const first = this.#left === undefined;
    if (first) this.#left = app.place;
    // What can be tried is the lesson's now.
    app.welcome?.remove();
    await app.move(place, first);
    if (!first || !this.#left) return;
    const note = h(
      'span.row',
      { id: 'left' },
      t('place.lesson'),
      button(t('place.back'), () => {
        note.remove();
        const left = this.#left;
        this.#left = undefined;
        // The lesson is left with its server.
        if (location.hash !== '') location.hash = '';
        if (left) void app.move(left);
      }),
    );
    find('#place').append(note);
  }
}
