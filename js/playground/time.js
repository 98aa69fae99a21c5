/**
 * The clock, and the way back: states of the server that can be gone back to, branched, compared.
 *
 * @module
 */

import { latin1 } from '../src/sds.js';
import { button, find, h } from './dom.js';
import { compare } from './compare.js';
import { latest } from './latest.js';
import { duration, quoted, show } from './text.js';
import { t } from './words.js';

/** @typedef {import('./main.js').App} App */

/** How many states are kept, and how many bytes they may take. */
const STATES_MAX = 200;
const BYTES_MAX = 32 << 20;
/** How often a clock that goes faster is turned, in milliseconds. */
const TURN_MS = 100;
const SPEEDS = [1, 10, 60, 600];
/** Of how many keys it is known when they expire. */
const VOLATILE_MAX = 1000;

/**
 * The data at a moment.
 *
 * @typedef {object} State
 * @property {number} time of the engine's clock, in milliseconds
 * @property {Uint8Array} image an RDB file
 * @property {string} why what has led to it
 * @property {string[]} expired the keys whose time was over
 */

/**
 * What there is of a server's past.
 *
 * @typedef {object} Past
 * @property {State[]} states
 * @property {State | undefined} at
 * @property {string} changes
 */

export class Time {
  #app;
  #bar;
  #speed = 1;
  /** @type {State[]} the newest last */
  states = [];
  /** Which of them is shown. @type {State | undefined} */
  #at;
  /** What is known of servers that go on elsewhere. @type {WeakMap<object, Past>} */
  #others = new WeakMap();
  /** Whose states they are. @type {import('./place.js').Place | undefined} */
  #place;
  #changes = '';
  /** @type {string[]} the commands since the last state */
  #commands = [];
  /** When keys expire that do. @type {Map<string, number>} */
  #expiries = new Map();
  #dialog;

  /**
   * @param {App} app
   * @param {HTMLElement} bar
   */
  constructor(app, bar) {
    this.#app = app;
    this.#place = app.place;
    this.#bar = bar;
    bar.append(...this.#buttons());
    this.#dialog = /** @type {HTMLDialogElement} */ (
      h('dialog', { 'aria-label': t('time.history') })
    );
    document.body.append(this.#dialog);
    document.addEventListener('redlet-exchange', (event) => {
      const { command } = /** @type {CustomEvent} */ (event).detail;
      if (command) this.#commands.push(command.map(typed).join(' '));
    });
    app.watch(() => void this.#note());
    app.moved(() => this.#moved());
    setInterval(() => void this.#tick(), TURN_MS);
    void this.#note();
  }

  #buttons() {
    const forward = (/** @type {string} */ text, /** @type {number} */ ms) =>
      button(text, () => void this.#turn((clock) => clock.advance(ms)));
    const freeze = button(t('time.freeze'), () => void this.#freeze(), {
      id: 'freeze',
      'aria-pressed': 'false',
    });
    const speed = h('select', { id: 'speed', 'aria-label': t('time.speed') });
    for (const factor of SPEEDS) speed.append(h('option', { value: factor }, `${factor}×`));
    speed.addEventListener('change', () => {
      this.#speed = Number(/** @type {HTMLSelectElement} */ (speed).value);
    });
    return [
      button('', () => this.#ask(), { id: 'time', title: t('time.set'), class: 'link' }),
      forward('+1 s', 1000),
      forward('+1 min', 60_000),
      forward('+1 h', 3_600_000),
      freeze,
      speed,
      button(t('time.history'), () => this.open(), { id: 'history' }),
    ];
  }

  /** @param {(clock: import('./place.js').Place['clock']) => Promise<unknown>} turn */
  async #turn(turn) {
    const { place } = this.#app;
    if (!place) return;
    await turn(place.clock);
    await this.#show();
    this.#app.changed();
  }

  async #freeze() {
    const { place } = this.#app;
    await this.#turn((clock) => (place?.clock.frozen ? clock.run() : clock.freeze()));
  }

  async #show() {
    const { place } = this.#app;
    if (!place || document.hidden) return;
    const now = await place.clock.get();
    const text = new Date(now).toISOString().replace('T', ' ').slice(0, 19);
    const time = find('#time', this.#bar);
    if (time.textContent !== text) time.textContent = text;
    find('#freeze', this.#bar).setAttribute('aria-pressed', String(place.clock.frozen));
  }

  async #tick() {
    const { place } = this.#app;
    try {
      if (this.#speed > 1 && place && !place.clock.frozen) {
        await place.clock.advance((this.#speed - 1) * TURN_MS);
        this.#app.changed();
      }
      await this.#show();
    } catch {
      // The server has gone: another will be shown.
    }
  }

  #ask() {
    const field = /** @type {HTMLInputElement} */ (
      h('input.text', { type: 'datetime-local', step: 1, 'aria-label': t('time.set') })
    );
    field.value = String(find('#time', this.#bar).textContent).replace(' ', 'T');
    const set = () => {
      const at = Date.parse(`${field.value}Z`);
      if (!Number.isNaN(at)) void this.#turn((clock) => clock.set(at));
      this.#dialog.close();
    };
    this.#dialog.replaceChildren(
      h('h2', {}, t('time.set')),
      h('p.muted.small', {}, t('time.setHow')),
      h('div.row', {}, field, button(t('time.setNow'), set, { class: 'primary' }), this.#closer()),
    );
    this.#dialog.showModal();
  }

  #closer() {
    return button(t('close'), () => this.#dialog.close());
  }

  /** Has the states of another server, of which there may be some from before. */
  #moved() {
    const past = { states: this.states, at: this.#at, changes: this.#changes };
    if (this.#place) this.#others.set(this.#place, past);
    this.#place = this.#app.place;
    const known = this.#place && this.#others.get(this.#place);
    this.states = known?.states ?? [];
    this.#at = known?.at;
    this.#changes = known?.changes ?? '';
    this.#commands = [];
    this.#expiries.clear();
    void this.#note();
  }

  #note = latest(() => this.keep());

  /** Keeps the state if it is another than the last. */
  async keep() {
    const { place } = this.#app;
    if (!place || place.kind === 'remote') return;
    const changes = await place.changes();
    if (changes === this.#changes) return;
    const first = this.states.length === 0;
    this.#changes = changes;
    const commands = this.#commands.splice(0);
    const [image, time] = [await place.redis.snapshot(), await place.clock.get()];
    const expired = await this.#expired(place, time);
    const done =
      commands.length > 2 ? `${commands[0]} … (${commands.length})` : commands.join(', ');
    const gone = expired.length > 0 ? t('time.expired', { keys: expired.join(', ') }) : '';
    const why = first
      ? t('time.begun')
      : [gone, commands.length > 0 ? done : ''].filter(Boolean).join('; ');
    this.#at = { time, image, why: why || t('time.other'), expired };
    this.states.push(this.#at);
    let bytes = this.states.reduce((sum, state) => sum + state.image.length, 0);
    while (this.states.length > STATES_MAX || (bytes > BYTES_MAX && this.states.length > 1))
      bytes -= this.states.shift()?.image.length ?? 0;
  }

  /**
   * Finds what has expired since the last state.
   *
   * @param {import('./place.js').Place} place
   * @param {number} now
   */
  async #expired(place, now) {
    const { db } = this.#app.panes.active;
    const [scan] = await place.look(db, [['SCAN', 0, 'COUNT', VOLATILE_MAX]]);
    const keys = /** @type {Uint8Array[]} */ (scan[1]);
    const times = await place.look(
      db,
      keys.map((key) => ['PEXPIRETIME', key]),
    );
    const there = new Set(keys.map(latin1));
    const gone = [...this.#expiries].filter(([key, time]) => !there.has(key) && time <= now);
    this.#expiries.clear();
    keys.forEach((key, i) => {
      if (Number(times[i]) > 0) this.#expiries.set(latin1(key), Number(times[i]));
    });
    return gone.map(([key]) => show(bytesOf(key)));
  }

  /** Shows the states. */
  open() {
    const items = this.states.toReversed().map((state) => this.#item(state));
    this.#dialog.replaceChildren(
      h('h2', {}, t('time.history')),
      h('p.muted.small', {}, t('time.how')),
      h('ol.states', {}, items),
      h('div.row', {}, h('span.grow'), this.#closer()),
    );
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** @param {State} state */
  #item(state) {
    const now = state === this.#at;
    const last = this.states.at(-1)?.time ?? state.time;
    const act = (
      /** @type {import('./words.js').Word} */ word,
      /** @type {() => unknown} */ what,
    ) => button(t(word), () => void what(), { disabled: now });
    return h(
      'li',
      { 'aria-current': now ? 'true' : undefined },
      h(
        'span.when.muted.small',
        {},
        now ? t('time.now') : `− ${duration(Math.max(0, last - state.time))}`,
      ),
      h('span.why', {}, state.why),
      h(
        'span.row',
        {},
        act('time.back', () => this.#back(state)),
        act('time.branch', () => this.#branch(state)),
        act('time.compare', () => this.#compare(state)),
      ),
    );
  }

  /** @param {State} state */
  async #back(state) {
    const { place } = this.#app;
    if (!place) return;
    place.recording?.spoil();
    await place.redis.restore(state.image);
    await place.clock.set(state.time);
    this.#changes = await place.changes();
    this.#commands = [];
    this.#at = state;
    this.#dialog.close();
    this.#app.panes.active.print(t('time.wentBack', { why: state.why }), 'note');
    this.#app.changed();
  }

  /** @param {State} state */
  async #branch(state) {
    const main = this.#app.place;
    const place = await this.#app.own('branch', state.image);
    await place.clock.set(state.time);
    this.#dialog.close();
    await this.#app.move(place, true);
    const end = async () => {
      note.remove();
      if (main && this.#app.place === place) await this.#app.move(main);
    };
    const note = h(
      'span.row',
      { id: 'branch' },
      h('span', {}, t('time.inBranch', { why: state.why })),
      button(t('time.endBranch'), () => void end()),
    );
    find('#place').append(note);
    this.#app.panes.active.focus();
  }

  /** @param {State} state */
  async #compare(state) {
    const { place, own } = this.#app;
    if (!place) return;
    const past = await own('branch', state.image);
    await past.clock.set(state.time);
    const list = await compare(past, place, this.#app.panes.active.db);
    await past.close();
    this.#dialog.replaceChildren(
      h('h2', {}, t('time.compared', { why: state.why })),
      list,
      h(
        'div.row',
        {},
        h('span.grow'),
        button(t('time.history'), () => this.open()),
        this.#closer(),
      ),
    );
  }
}

/** @param {string} binary */
function bytesOf(binary) {
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** A word of a command, as it is typed. @param {string} binary */
function typed(binary) {
  return quoted(bytesOf(binary));
}
