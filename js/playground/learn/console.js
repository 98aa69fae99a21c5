/**
 * A small terminal for a lesson that stands alone: a few clients, one line to type in.
 *
 * @module
 */

import { format } from '../../src/cli/reply.js';
import { Session } from '../../src/cli/session.js';
import { splitArgs, toBinary } from '../../src/sds.js';
import { button, h } from '../dom.js';
import { resp2 } from './reply.js';

/** @typedef {import('../../src/redlet.js').Redlet} Redlet */

/** How many lines the log keeps. */
const LINES_MAX = 500;

/** The terminal. */
export class Console {
  root;
  #say;
  #listener;
  #several;
  #client = 'A';
  /** @type {Map<string, Session>} */
  #sessions = new Map();
  #log;
  #input;
  #stop;
  /** @type {string[]} */
  #history = [];
  #at = 0;

  /**
   * @param {import('./lesson.js').Lesson} lesson
   * @param {import('./words.js').Say} say
   * @param {object} listener
   * @param {() => Promise<Redlet>} listener.redis starts the engine, if it has not been yet
   * @param {(reply: string) => void} listener.saw gets each reply
   * @param {() => void} listener.turned is told that the clock was turned
   */
  constructor(lesson, say, listener) {
    this.#say = say;
    this.#listener = listener;
    this.#several = lesson.clients.length > 1;
    this.#log = h('div.log', { role: 'log', tabindex: 0, 'aria-label': say('console.log') });
    this.#input = /** @type {HTMLInputElement} */ (
      h('input', {
        placeholder: say('console.placeholder'),
        autocapitalize: 'off',
        autocomplete: 'off',
        spellcheck: 'false',
        enterkeyhint: 'send',
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      })
    );
    this.#stop = button(say('console.stop'), () => this.#interrupt(), { hidden: true });
    const form = h('form', { onsubmit: this.#enter }, this.#input, this.#stop);
    const parts = [this.#several && this.#choice(lesson.clients), lesson.turns && this.#clock()];
    this.root = h(
      'section.console',
      { 'aria-label': say('console.label') },
      ...parts,
      this.#log,
      form,
    );
    this.#choose('A');
  }

  /** @param {string[]} clients */
  #choice(clients) {
    const say = this.#say;
    const buttons = clients.map((client) =>
      button(say('console.client', { client }), () => this.#choose(client), {
        'data-client': client,
      }),
    );
    return h('div.buttons', { role: 'group', 'aria-label': say('console.clients') }, ...buttons);
  }

  #clock() {
    const say = this.#say;
    const turn = (/** @type {number} */ ms) => async () => {
      const redis = await this.#listener.redis();
      await redis.clock.advance(ms);
      this.#listener.turned();
    };
    return h(
      'div.buttons',
      { role: 'group', 'aria-label': say('console.clock') },
      button(say('console.second'), turn(1000)),
      button(say('console.minute'), turn(60_000)),
      button(say('console.tenMinutes'), turn(600_000)),
    );
  }

  /** @param {string} client whom the next line is from */
  #choose(client) {
    this.#client = client;
    this.#input.setAttribute('aria-label', this.#say('console.input', { client }));
    for (const choice of this.root.querySelectorAll('[data-client]'))
      choice.setAttribute('aria-pressed', String(choice.getAttribute('data-client') === client));
    this.#show();
  }

  #enter = (/** @type {Event} */ event) => {
    event.preventDefault();
    const line = this.#input.value.trim();
    this.#input.value = '';
    if (line === '') return;
    this.#history.push(line);
    this.#at = this.#history.length;
    void this.run(line, this.#client);
  };

  /**
   * Sends a line.
   *
   * @param {string} line
   * @param {string} client
   */
  async run(line, client) {
    if (this.#several) this.#choose(client);
    this.#print(`${this.#mark(client)}> ${line}`, 'sent');
    try {
      const words = splitArgs(toBinary(line));
      if (words.length > 0) this.#session(await this.#listener.redis(), client).send(words);
    } catch (error) {
      this.#print(/** @type {Error} */ (error).message, 'error');
    }
  }

  /**
   * @param {Redlet} redis
   * @param {string} client
   */
  #session(redis, client) {
    const known = this.#sessions.get(client);
    if (known) return known;
    const session = new Session(redis, {
      print: (text, isError) => {
        const mark = this.#several ? `${client}: ` : '';
        this.#print(mark + text.replaceAll('\n', `\n${mark}`), isError ? 'error' : 'reply');
      },
      exchanged: ({ reply }) => this.#listener.saw(format(resp2(reply))),
      changed: () => this.#show(),
    });
    this.#sessions.set(client, session);
    return session;
  }

  /** @param {string} client */
  #mark(client) {
    return this.#several ? client : '';
  }

  /**
   * @param {string} text
   * @param {'sent' | 'reply' | 'error'} kind
   */
  #print(text, kind) {
    this.#log.append(h(`div.${kind}`, {}, text));
    while (this.#log.childElementCount > LINES_MAX) this.#log.firstElementChild?.remove();
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #show() {
    this.#stop.hidden = !this.#sessions.get(this.#client)?.busy;
  }

  #interrupt() {
    this.#sessions.get(this.#client)?.interrupt();
    this.#input.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey && event.key === 'c' && this.#input.value === '') this.#interrupt();
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#at = Math.min(Math.max(this.#at + step, 0), this.#history.length);
    this.#input.value = this.#history[this.#at] ?? '';
  }

  /** Forgets the connections, as there is another server. */
  reset() {
    for (const session of this.#sessions.values()) session.interrupt();
    this.#sessions.clear();
    this.#log.replaceChildren();
  }

  focus() {
    this.#input.focus();
  }
}
