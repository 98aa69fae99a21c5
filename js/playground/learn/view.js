/**
 * One lesson as it is shown: its prose, its task, what the checks say, what to take home.
 *
 * @module
 */

import { button, h } from '../dom.js';
import { Checker, shown } from './lesson.js';

/** @typedef {import('./lesson.js').Lesson} Lesson */
/** @typedef {import('./lesson.js').Step} Step */
/** @typedef {import('./words.js').Say} Say */

/**
 * What a lesson needs of what surrounds it.
 *
 * @typedef {object} Host
 * @property {import('../../src/redlet.js').Redlet} redis the server that the learner is at now
 * @property {(config?: Record<string, string>) => unknown} reset puts the learner at a server as
 *   new, started with these parameters besides; `redis` is that one when what it returns resolves
 * @property {(line: string, client: string) => unknown} run has a client (A, B …) enter a line, as
 *   if it had been typed
 * @property {boolean} [keeps] whether the learner can come back to what is there before a reset;
 *   if not, they are asked first
 * @property {(client: string) => string} [nameOf] what the page calls a client
 * @property {{ advance: (ms: number) => unknown }} [clock] turns the clock; by default the engine's
 *   own
 */

/**
 * @typedef {object} Listener
 * @property {() => void} [solved] is called when the task is done, once each time it is begun
 * @property {() => void} [next] goes on; without it there is no button for that
 * @property {string} [nextTitle]
 * @property {boolean} [last] whether there is no lesson behind it
 */

/** How often a lesson that turns the clock is checked, in milliseconds. */
const TURNS_MS = 1000;

/** A lesson in the page. */
export class LessonView {
  root;
  #lesson;
  #say;
  #host;
  #listener;
  /** @type {Checker | undefined} */
  #checker;
  #solved = false;
  #checking = false;
  #again = false;
  #verdict = h('div.verdict', { role: 'status' });
  #after = h('div.after', { hidden: true });
  #more = h('div.more');
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /**
   * @param {Lesson} lesson
   * @param {Say} say
   * @param {Host} host
   * @param {Listener} [listener]
   */
  constructor(lesson, say, host, listener = {}) {
    this.#lesson = lesson;
    this.#say = say;
    this.#host = host;
    this.#listener = listener;
    this.root = h('article');
    this.#build();
  }

  /** Whether the task is done. */
  get solved() {
    return this.#solved;
  }

  #build() {
    const { lang, title, why, task, clients, turns } = this.#lesson;
    const say = this.#say;
    const needs = [
      clients.length > 1 && say('lesson.clients', { n: clients.length }),
      turns && say('lesson.turns'),
    ].filter((line) => line !== false);
    this.root.replaceChildren(
      h('h2', { tabindex: -1, lang }, title),
      ...paragraphs(why, lang),
      h(
        'section.task',
        {},
        h('h3', {}, say('lesson.task')),
        ...paragraphs(task, lang),
        needs.length > 0 && h('p.quiet', {}, needs.join(' ')),
      ),
      this.#verdict,
      this.#more,
      this.#after,
    );
    this.#buildMore();
  }

  /** The hint and the solution, on request. */
  #buildMore() {
    const say = this.#say;
    const { lang, hint, solution, clients } = this.#lesson;
    const hints = h('div.hint', { id: 'hint', hidden: true }, ...paragraphs(hint, lang));
    const rows = solution.map((step) => this.#row(step, clients.length > 1)).filter(Boolean);
    const lines = h('ol.solution', { id: 'solution', hidden: true }, .../** @type {any} */ (rows));
    this.#more.replaceChildren(
      h(
        'div.buttons',
        {},
        opener(say('lesson.hint'), hints),
        opener(say('lesson.solution'), lines),
        button(say('lesson.again'), () => void this.begin()),
      ),
      hints,
      lines,
    );
  }

  /**
   * A line of the solution, and a button that does it.
   *
   * @param {Step} step
   * @param {boolean} several whether the lesson takes several clients
   */
  #row(step, several) {
    const say = this.#say;
    if (step.kind === 'turn') {
      const time = duration(step.ms, say);
      const act = () => this.#turn(step.ms);
      const label = say('solution.turnWhat', { time });
      return row('', label, button(say('solution.turn'), act, { 'aria-label': label }));
    }
    if (step.kind !== 'command') return undefined;
    const { client, args } = step;
    const line = shown(args);
    const name = this.#host.nameOf?.(client) ?? say('solution.client', { client });
    const label = say('solution.runWhat', { client: name, command: line });
    const run = () => void this.#host.run(line, client);
    const who = several ? name : '';
    return row(who, h('code', {}, line), button(say('solution.run'), run, { 'aria-label': label }));
  }

  /** @param {number} ms */
  async #turn(ms) {
    await (this.#host.clock ?? this.#host.redis.clock).advance(ms);
    await this.check();
  }

  /** Has the learner begin with a server as new, and with what the lesson puts there. */
  async begin() {
    this.end();
    this.#solved = false;
    this.#after.hidden = true;
    this.#tell('wait', this.#say('lesson.starting'));
    try {
      await this.#host.reset(this.#lesson.config);
      const checker = new Checker(this.#host.redis, this.#lesson);
      await checker.begin();
      this.#checker = checker;
      this.#tell('ready', this.#say('lesson.ready'));
    } catch (error) {
      const why = /** @type {Error} */ (error).message;
      this.#tell('no', this.#say('lesson.failed', { why }));
      return;
    }
    if (!this.#lesson.turns) return;
    this.#timer = setInterval(() => document.hidden || void this.check(), TURNS_MS);
  }

  /**
   * Asks first, since what is there now would go.
   *
   * @param {() => void} begin is called when the learner agrees
   */
  ask(begin) {
    const say = this.#say;
    const go = button(say('lesson.begin'), begin, { class: 'primary' });
    this.#verdict.replaceChildren(h('p', {}, say('lesson.clears')), go);
    this.#verdict.dataset.state = 'wait';
  }

  /**
   * Takes note of what a client got, and checks.
   *
   * @param {string} reply as redis-cli prints it
   */
  async saw(reply) {
    this.#checker?.saw(reply);
    await this.check();
  }

  /** Checks what there is now, and says what is missing; what comes meanwhile is checked again. */
  async check() {
    this.#again = true;
    if (this.#checking) return;
    this.#checking = true;
    while (this.#again && !this.#solved && this.#checker) {
      this.#again = false;
      const checker = this.#checker;
      try {
        const verdict = await checker.check();
        if (checker === this.#checker) this.#show(verdict);
      } catch {
        // The server is gone: the next begin brings another.
        if (checker === this.#checker) this.end();
      }
    }
    this.#checking = false;
  }

  /** @param {import('./lesson.js').Verdict} verdict */
  #show({ solved, says, command, got }) {
    const say = this.#say;
    if (!solved) {
      const answer = command && [
        h('code', {}, command),
        say('lesson.answers', { command: '' }),
        h('code', {}, cut(got)),
      ];
      this.#tell('no', say('lesson.notYet'), says, answer || undefined);
      return;
    }
    this.end();
    this.#solved = true;
    this.#tell('yes', say('lesson.solved'));
    this.#showAfter();
    this.#listener.solved?.();
  }

  /** What comes when the task is done. */
  #showAfter() {
    const { lang, home, production } = this.#lesson;
    const { next, nextTitle = '', last } = this.#listener;
    const say = this.#say;
    const on = say('lesson.next', { title: nextTitle });
    const parts = [
      h('h3', {}, say('lesson.home')),
      ...paragraphs(home, lang),
      h('h3', {}, say('lesson.production')),
      ...paragraphs(production, lang),
    ];
    if (next) parts.push(button(on, next, { class: 'primary' }));
    if (last) parts.push(h('p', {}, say('lesson.end')));
    this.#after.replaceChildren(...parts);
    this.#after.hidden = false;
  }

  /**
   * Says how it stands; nothing that is said already.
   *
   * @param {'wait' | 'ready' | 'no' | 'yes'} state
   * @param {string} head
   * @param {string} [says]
   * @param {(Node | string)[]} [answer]
   */
  #tell(state, head, says = '', answer) {
    const said = says !== '' && [' ', h('span', { lang: this.#lesson.lang }, ...prose(says))];
    const line = h('p', {}, h('strong', {}, head), .../** @type {any} */ (said || []));
    const detail =
      answer &&
      h(
        'p.answer',
        {},
        answer.flatMap((part) => [part, ' ']),
      );
    const wanted = [line.textContent, detail?.textContent ?? ''].join('\n');
    if (this.#verdict.dataset.said === wanted) return;
    this.#verdict.dataset.said = wanted;
    this.#verdict.dataset.state = state;
    this.#verdict.replaceChildren(line, ...(detail ? [detail] : []));
  }

  /** Stops checking. */
  end() {
    clearInterval(this.#timer);
    this.#checker?.close();
    this.#checker = undefined;
  }
}

/**
 * Prose in which `code` stands between backquotes.
 *
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function prose(text) {
  return text.split('`').map((part, i) => (i % 2 === 0 ? part : h('code', {}, part)));
}

/**
 * @param {string[]} blocks
 * @param {string} lang
 */
function paragraphs(blocks, lang) {
  return blocks.map((block) => h('p', { lang }, ...prose(block)));
}

/**
 * A button that shows something and hides it again.
 *
 * @param {string} text
 * @param {HTMLElement} what
 */
function opener(text, what) {
  const control = button(text, toggle, { 'aria-expanded': 'false', 'aria-controls': what.id });
  return control;

  function toggle() {
    what.hidden = !what.hidden;
    control.setAttribute('aria-expanded', String(!what.hidden));
  }
}

/**
 * @param {string} who
 * @param {Node | string} what
 * @param {HTMLElement} act
 */
function row(who, what, act) {
  return h('li', {}, who !== '' && h('span.who', {}, who), what, act);
}

/** @param {string} reply as much of it as helps */
function cut(reply) {
  return reply.length > 200 ? `${reply.slice(0, 200)}…` : reply;
}

/**
 * @param {number} ms
 * @param {Say} say
 */
function duration(ms, say) {
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'time.h'],
    [Math.floor((seconds % 3600) / 60), 'time.m'],
    [seconds % 60, 'time.s'],
  ];
  return parts
    .filter(([n]) => n !== 0)
    .map(([n, word]) => say(/** @type {any} */ (word), { n: /** @type {number} */ (n) }))
    .join(' ');
}
