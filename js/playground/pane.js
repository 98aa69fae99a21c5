/**
 * A client: a connection of its own, with a log, a line to type in, and what it is doing.
 *
 * @module
 */

import { readLine, commandLines } from '../src/cli/script.js';
import { Session, promptOf } from '../src/cli/session.js';
import { button, find, h } from './dom.js';
import { onceAFrame } from './latest.js';
import { Line } from './line.js';
import { t } from './words.js';

/** @typedef {import('../src/cli/session.js').Exchange} Exchange */
/** @typedef {'reply' | 'error' | 'note' | 'sent' | 'message'} Kind */
/** @typedef {'cli' | 'json' | 'csv' | 'table'} View */

/** How many entries the log keeps. */
const ENTRIES_MAX = 2000;

/**
 * What a pane has to do with the page round it.
 *
 * @typedef {object} Surroundings
 * @property {() => import('../src/redlet.js').Redlet | undefined} redis once it is there
 * @property {() => import('../src/cli/commands.js').Commands | undefined} commands
 * @property {() => string[]} keys
 * @property {(pane: Pane) => void} changed
 * @property {(pane: Pane, words: readonly string[]) => void} sent gets what is sent now
 * @property {(line: string) => unknown} ran gets each line that was sent
 * @property {(pane: Pane, line: string) => unknown} stopped gets a line that was stopped before its
 *   answer
 * @property {(pane: Pane, exchange: Exchange) => void} exchanged
 * @property {(exchange: Exchange, view: View) => string | Node | undefined} shown how a reply is
 *   shown otherwise than redis-cli does, if it is
 * @property {(exchange: Exchange) => Node | undefined} wire how the bytes are shown, if they are
 * @property {(words: string[]) => Node} help
 * @property {() => unknown} edit opens the editor for scripts
 * @property {(pane: Pane) => Promise<void>} stop ends what keeps the server busy
 * @property {(pane: Pane) => void} close
 */

export class Pane extends HTMLElement {
  /** @type {Surroundings} */
  #app;
  /** @type {Session | undefined} */
  #session;
  #line;
  #log;
  /** @type {string[]} lines that wait for their turn */
  #queue = [];
  /** How often the line under way is still to be sent, and its words. */
  #again = 0;
  /** @type {string[]} */
  #words = [];
  /** The line that was run last. */
  #entered = '';
  #name = '';
  /** How replies are shown. @type {View} */
  #view = 'cli';
  /** What entries of the log say. @type {WeakMap<Element, [exchange: Exchange, text: string]>} */
  #said = new WeakMap();
  /** Whether the log is read at its end, where it then stays. */
  #atEnd = true;
  /** How large the log was when that was seen. */
  #size = '';
  #sizes = new ResizeObserver(() => this.#resized());

  /**
   * @param {Surroundings} app
   * @param {string} name
   */
  constructor(app, name) {
    super();
    this.#app = app;
    this.#name = name;
    this.className = 'pane';
    this.setAttribute('role', 'group');
    this.append(...content(this));
    this.#log = find('.log', this);
    this.#line = new Line(this, {
      enter: (line) => this.run(line),
      paste: (text) => this.paste(text),
      interrupt: () => void this.interrupt(),
      clear: () => this.clear(),
      commands: () => app.commands(),
      keys: () => app.keys(),
    });
    this.#log.addEventListener('click', (event) => this.#click(event));
    this.#log.addEventListener('scroll', () => this.#scrolled());
    this.#sizes.observe(this.#log);
    this.rename(name);
    this.#show();
  }

  /** What CLIENT LIST calls it. */
  get name() {
    return this.#name;
  }

  /** @param {string} name */
  rename(name) {
    const known = name.trim().replace(/[^!-~]+/g, '-') || this.#name;
    this.#name = known;
    this.setAttribute('aria-label', t('pane.label', { name: known }));
    /** @type {HTMLInputElement} */ (find('.name', this)).value = known;
    find('.log', this).setAttribute('aria-label', t('pane.log', { name: known }));
    find('.input', this).setAttribute('aria-label', t('pane.input', { name: known }));
    if (!this.#session) return;
    this.#session.greeting = this.#greeting();
    this.#session.tell(['CLIENT', 'SETNAME', known]);
  }

  /** What the connection is in. */
  get session() {
    return this.#session;
  }

  /** The database that it has selected. */
  get db() {
    return this.#session?.db ?? 0;
  }

  /** @override */
  focus() {
    this.#line.focus();
  }

  /** Has another server, with a new connection. */
  connect() {
    const old = this.#session;
    this.#session = undefined;
    old?.interrupt();
    const redis = this.#app.redis();
    if (!redis) return;
    this.#session = new Session(redis, {
      print: (text, isError) => this.#printed(text, isError),
      exchanged: (exchange) => this.#exchanged(exchange),
      changed: () => this.#changed(),
    });
    this.#session.greeting = this.#greeting();
    this.#next();
    this.show();
  }

  #greeting() {
    const name = ['CLIENT', 'SETNAME', this.#name];
    return this.#view === 'json' ? [['HELLO', '3'], name] : [name];
  }

  /**
   * Shows replies otherwise, those too that have come. JSON is of RESP3, as redis-cli has it, where
   * the connection can go over to that now.
   *
   * @param {View} view
   */
  view(view) {
    const before = this.#view;
    this.#view = view;
    for (const entry of this.#log.children) this.#fill(entry);
    const session = this.#session;
    if (session) session.greeting = this.#greeting();
    if (session?.inMulti === false && (view === 'json') !== (before === 'json'))
      session.tell(['HELLO', view === 'json' ? '3' : '2']);
    this.#toEnd();
  }

  /** Says what an entry says, in the view that is chosen. @param {Element} entry */
  #fill(entry) {
    const said = this.#said.get(entry);
    if (!said) return;
    const [exchange, text] = said;
    const more = entry.querySelector('.wire') ?? '';
    const shown = this.#view === 'cli' ? undefined : this.#app.shown(exchange, this.#view);
    entry.replaceChildren(shown ?? text, more);
  }

  /** Enters a line as if it had been typed. @param {string} line */
  run(line) {
    if (line.trim() === '') return this.print('', 'sent');
    this.#line.remember(line);
    this.#queue.push(line);
    this.#next();
  }

  /** @type {(() => void)[]} who waits for {@link ready} */
  #waiting = [];

  /** Resolves when all that was entered has been answered. @returns {Promise<void>} */
  ready() {
    const ready = new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    this.#next();
    return /** @type {Promise<void>} */ (ready);
  }

  /** Runs the commands of a text one after the other. @param {string} text */
  paste(text) {
    for (const line of commandLines(text)) this.run(line);
  }

  /** Puts a text into the line, to be changed and entered. @param {string} text */
  propose(text) {
    this.#line.text = text;
    this.focus();
  }

  /** Gives up waiting: what waits, the lines behind it, a script that runs. */
  async interrupt() {
    this.print(`${this.#line.text}^C`, 'sent');
    this.#line.text = '';
    this.#queue = [];
    this.#again = 0;
    const { busy } = this.#session ?? {};
    this.#session?.interrupt();
    this.focus();
    if (!busy) return;
    this.#app.stopped(this, this.#entered);
    await this.#app.stop(this);
  }

  /** Empties the log. */
  clear() {
    this.#log.replaceChildren();
  }

  /**
   * Appends to the log. In a note, what stands between backquotes can be clicked to run it.
   *
   * @param {string | Node} text
   * @param {Kind} kind
   * @returns {HTMLElement}
   */
  print(text, kind) {
    const entry = h(`div.${kind}`);
    if (typeof text !== 'string') entry.append(text);
    else if (kind === 'note') entry.append(...clickable(text));
    else if (kind === 'sent') entry.append(`${this.#prompt()} `, h('b', {}, text));
    else entry.textContent = text;
    this.#log.append(entry);
    while (this.#log.childElementCount > ENTRIES_MAX) this.#log.firstElementChild?.remove();
    if (this.#atEnd || kind === 'sent') this.#toEnd();
    return entry;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight, clientWidth } = this.#log;
    // A log of another size scrolls by itself; that says nothing of who reads it.
    if (this.#size !== `${clientWidth} ${clientHeight}`) return;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < 40;
  }

  #resized() {
    this.#size = `${this.#log.clientWidth} ${this.#log.clientHeight}`;
    if (this.#atEnd) this.#toEnd();
  }

  /** Asking for the height lays all of the log out: once a frame is enough. */
  #toEnd = onceAFrame(() => (this.#log.scrollTop = this.#log.scrollHeight));

  /** Shows what the connection is in, once a frame: what is over by then is not seen. */
  show = onceAFrame(() => this.#show());

  #show() {
    const session = this.#session;
    const prompt = find('.prompt', this);
    if (prompt.textContent !== this.#prompt()) prompt.textContent = this.#prompt();
    const state = stateOf(session, this.#queue.length);
    const badge = find('.state', this);
    if (badge.textContent !== state.text) badge.textContent = state.text;
    badge.dataset.state = state.name;
    this.dataset.state = state.name;
    find('.stop', this).hidden = !state.stops;
  }

  #prompt() {
    return this.#session ? promptOf(this.#session) : 'redlet>';
  }

  /** Sends the next line, when the last has been answered. */
  #next() {
    const session = this.#session;
    for (;;) {
      if (!session || session.busy) return this.show();
      if (this.#again > 0) {
        this.#again--;
        this.#app.sent(this, this.#words);
        session.send(this.#words);
        continue;
      }
      const line = this.#queue.shift();
      if (line === undefined) {
        for (const ready of this.#waiting.splice(0)) ready();
        return this.show();
      }
      this.print(line, 'sent');
      this.#take(line);
    }
  }

  /** @param {string} line */
  #take(line) {
    try {
      const { words, times } = readLine(line);
      const name = String(words[0]).toLowerCase();
      if (name === 'help' || name === '?') this.#help(words.slice(1));
      else if (name === 'clear' && words.length === 1) this.clear();
      else if (name === 'edit' && words.length === 1) this.#app.edit();
      else if ((name === 'exit' || name === 'quit') && words.length === 1) this.#leave();
      else {
        [this.#words, this.#again, this.#entered] = [words, times, line];
        this.#app.ran(line);
      }
    } catch (error) {
      this.print(/** @type {Error} */ (error).message, 'error');
    }
  }

  /** @param {string[]} words */
  #help(words) {
    const entry = this.print(this.#app.help(words), 'reply');
    // Its examples come later.
    this.#sizes.observe(entry);
  }

  #leave() {
    this.#session?.interrupt();
    this.print(t('pane.left'), 'note');
  }

  /** @type {Exchange | undefined} whose reply is printed next */
  #exchange;

  /** @param {Exchange} exchange */
  #exchanged(exchange) {
    this.#exchange = exchange;
  }

  /**
   * @param {string} text
   * @param {boolean} isError
   */
  #printed(text, isError) {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    const asked = exchange?.words;
    const entry = this.print(text, isError ? 'error' : !exchange || asked ? 'reply' : 'message');
    if (!exchange) return;
    this.#said.set(entry, [exchange, text]);
    if (this.#view !== 'cli') this.#fill(entry);
    const bytes = this.#app.wire(exchange);
    if (bytes) {
      entry.append(bytes);
      // What is passed on comes later.
      this.#sizes.observe(entry);
    }
    if (bytes || this.#view !== 'cli') this.#toEnd();
    this.#app.exchanged(this, exchange);
  }

  #changed() {
    this.#next();
    this.#app.changed(this);
  }

  /** @param {Event} event */
  #click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.classList.contains('try')) {
      this.run(String(target.textContent));
      this.focus();
    } else if (!target.closest('button, a, summary') && String(document.getSelection()) === '') {
      this.focus();
    }
  }

  /** Does what a key of the row for fingers says. @param {string} key */
  press(key) {
    if (key === 'Stop') void this.interrupt();
    else this.#line.press(/** @type {any} */ (key));
  }

  /** Closes the connection for good. */
  end() {
    this.#session?.interrupt();
    this.#session = undefined;
    this.remove();
  }

  /** Asks the page to close the pane. */
  askToClose() {
    this.#app.close(this);
  }
}

customElements.define('redlet-pane', Pane);

/** @param {Pane} pane */
function content(pane) {
  const name = h('input.name', {
    'aria-label': t('pane.name'),
    title: t('pane.name'),
    spellcheck: 'false',
    autocomplete: 'off',
    maxlength: 24,
    size: 10,
  });
  name.addEventListener('change', () => pane.rename(/** @type {HTMLInputElement} */ (name).value));
  const keys = ['Tab', 'ArrowUp', 'ArrowDown', 'Stop'].map((key) =>
    button(
      { ArrowUp: '↑', ArrowDown: '↓', Stop: t('pane.stop') }[key] ?? key,
      () => pane.press(key),
      {
        'aria-label': t(/** @type {import('./words.js').Word} */ (`key.${key}`)),
      },
    ),
  );
  return [
    h(
      'div.pane-head',
      {},
      h('span.dot', { 'aria-hidden': 'true' }),
      name,
      h('span.state', { role: 'status' }),
      button(t('pane.stop'), () => void pane.interrupt(), { class: 'stop', hidden: true }),
      button('×', () => pane.askToClose(), {
        class: 'close',
        'aria-label': t('pane.close'),
        title: t('pane.close'),
      }),
    ),
    h('div.log', { role: 'log', 'aria-live': 'polite', tabindex: 0 }),
    h(
      'form.line',
      { autocomplete: 'off' },
      h('span.prompt', { 'aria-hidden': 'true' }, 'redlet>'),
      h(
        'div.field',
        {},
        h('span.ghost', { 'aria-hidden': 'true' }),
        h('input.input', {
          autocapitalize: 'off',
          autocomplete: 'off',
          autocorrect: 'off',
          spellcheck: 'false',
          enterkeyhint: 'send',
        }),
      ),
    ),
    h('p.hint', { 'aria-live': 'off' }),
    h('div.keys', { role: 'group', 'aria-label': t('pane.keys') }, keys),
  ];
}

/**
 * @param {Session | undefined} session
 * @param {number} queued
 * @returns {{ name: string, text: string, stops: boolean }}
 */
function stateOf(session, queued) {
  if (!session) return { name: 'idle', text: '', stops: false };
  /** @type {string[]} */
  const texts = [];
  let name = 'idle';
  const say = (/** @type {string} */ state, /** @type {string} */ text) => {
    name = state;
    texts.push(text);
  };
  if (session.watching) say('watch', t('state.watch'));
  if (session.inMulti) say('multi', t(session.aborted ? 'state.aborted' : 'state.multi'));
  if (session.monitoring) say('monitor', t('state.monitor'));
  if (session.subscriptions > 0)
    say('subscribed', t('state.subscribed', { n: session.subscriptions }));
  if (session.busy) say('waits', t('state.waits', { command: shortly(session.current ?? []) }));
  if (queued > 0) texts.push(t('state.queued', { n: queued }));
  const stops = ['waits', 'monitor', 'subscribed'].includes(name);
  return { name, text: texts.join(' · '), stops };
}

/** @param {readonly string[]} words */
function shortly(words) {
  const text = words.join(' ');
  return text.length > 32 ? `${text.slice(0, 31)}…` : text;
}

/** @param {string} text */
function clickable(text) {
  return text
    .split('`')
    .map((part, i) => (i % 2 === 0 ? part : h('button.try', { type: 'button' }, part)));
}
