/**
 * A session that is replayed: all at once, or step by step.
 *
 * @module
 */

import { button, find, h } from './dom.js';
import { t } from './words.js';

/** @typedef {import('./main.js').App} App */
/** @typedef {import('./place.js').Place} Place */
/** @typedef {import('./replay.js').Step} Step */

/** While it plays, how long it waits between two steps at least and at most, in milliseconds. */
const WAIT_MIN = 150;
const WAIT_MAX = 1000;

export class Player {
  #app;
  #seed;
  #steps;
  /** How many steps have been done. */
  #at = 0;
  /** Resolves when the steps are done that are under way. */
  #under = Promise.resolve();
  #playing = false;
  /** The server at which they are done. @type {Place | undefined} */
  #place;
  /** Where the page was before, if it was anywhere. @type {Place | undefined} */
  #left;
  #said = h('span', { role: 'status' });
  #again = button(t('replay.again'), () => void this.#begin(), { 'data-act': 'again' });
  #next = button(t('replay.step'), () => void this.#step(), { 'data-act': 'step' });
  #play = button('', () => void this.#toggle(), { 'data-act': 'play' });
  #back = button(t('place.back'), () => void this.#leave(), { 'data-act': 'back' });
  #bar = h(
    'section.bar',
    { id: 'replay', 'aria-label': t('replay.label') },
    this.#said,
    this.#again,
    this.#next,
    this.#play,
    this.#back,
  );

  /**
   * @param {App} app
   * @param {{ seed: string, steps: Step[] }} session
   */
  constructor(app, { seed, steps }) {
    this.#app = app;
    this.#seed = seed;
    this.#steps = steps;
    app.moved(() => app.place === this.#place || this.#end());
  }

  /** Does all steps at the server that the page is at: it is as new, and has that seed. */
  async attach() {
    await this.#at0(/** @type {Place} */ (this.#app.place));
    await this.#all();
  }

  /** Does all steps at a server of its own. The one that the page is at goes on meanwhile. */
  async open() {
    this.#left = this.#app.place;
    await this.#begin();
    await this.#all();
  }

  /** Has another server as new, where nothing has been done yet. */
  async #begin() {
    const place = await this.#app.own('fresh', undefined, undefined, this.#seed);
    this.#place = place;
    await this.#app.move(place, this.#app.place === this.#left);
    for (const pane of this.#app.panes.all) pane.clear();
    await this.#at0(place);
  }

  /** @param {Place} place */
  async #at0(place) {
    this.#place = place;
    this.#at = 0;
    this.#playing = false;
    this.#under = Promise.resolve();
    find('main').before(this.#bar);
    await place.clock.freeze();
    this.#show();
  }

  async #all() {
    while (this.#place && this.#at < this.#steps.length) await this.#step();
  }

  /** Does the next step, when those before it are done. A server that has gone does none. */
  #step() {
    this.#under = this.#under.then(() => this.#does()).catch(() => {});
    return this.#under;
  }

  async #does() {
    const [app, place, step] = [this.#app, this.#place, this.#steps[this.#at]];
    if (!place || !step) return;
    this.#at++;
    await place.clock.set(step.time / 1000);
    while (app.panes.all.length <= step.client && !app.panes.full) app.panes.add();
    const pane = app.panes.all[step.client] ?? app.panes.active;
    if (step.line === '') await pane.interrupt();
    else {
      // When it was sent, what came before it had been answered.
      await pane.ready();
      app.panes.activate(pane);
      pane.run(step.line);
    }
    await app.keepState();
    if (this.#at === this.#steps.length) await place.clock.run();
    this.#show();
  }

  /** Does a step after the other, until it is done or told to pause. */
  async #toggle() {
    this.#playing = !this.#playing;
    this.#show();
    while (this.#playing) {
      await this.#step();
      const [last, next] = [this.#steps[this.#at - 1], this.#steps[this.#at]];
      if (!last || !next) this.#playing = false;
      else await pause((next.time - last.time) / 1000);
    }
    this.#show();
  }

  #show() {
    const [at, all] = [this.#at, this.#steps.length];
    this.#said.textContent = t('replay.at', { at, all });
    this.#play.textContent = t(this.#playing ? 'replay.pause' : 'replay.play');
    /** @type {HTMLButtonElement} */ (this.#again).disabled = at === 0;
    for (const act of [this.#next, this.#play])
      /** @type {HTMLButtonElement} */ (act).disabled = at === all;
    this.#back.hidden = this.#left === undefined;
  }

  async #leave() {
    if (this.#left) await this.#app.move(this.#left);
  }

  /** The page is at another server. */
  #end() {
    this.#place = undefined;
    this.#playing = false;
    this.#bar.remove();
  }
}

/** @param {number} passed how long it was at the time, in milliseconds */
function pause(passed) {
  const ms = Math.min(WAIT_MAX, Math.max(WAIT_MIN, passed));
  return new Promise((resolve) => setTimeout(resolve, ms));
}
