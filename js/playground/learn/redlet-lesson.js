/**
 * One lesson in any page, with a small terminal and a server of its own:
 *
 *     <script type="module" src="https://…/lesson.js"></script>
 *     <redlet-lesson src="0101-a-key-and-its-value"></redlet-lesson>
 *
 * `src` names a lesson of the course, or is the address of a file with one: `./mine.txt`.
 *
 * The engine is fetched when the reader first does something, and shared by the lessons of a page;
 * each lesson has a server of its own.
 *
 * @module
 */

import { Console } from './console.js';
import { Course, LESSONS, text } from './course.js';
import { h } from '../dom.js';
import { parseLesson } from './lesson.js';
import { dress } from './style.js';
import { LessonView } from './view.js';
import { languageOf, wordsOf } from './words.js';

/** @typedef {import('../../src/redlet.js').Redlet} Redlet */

/** @type {Promise<Redlet> | undefined} a server as new, which others are copies of */
let pristine;

/**
 * A server as new.
 *
 * @param {Record<string, string>} config
 */
async function server(config) {
  const { open } = await import('../../src/worker.js');
  if (Object.keys(config).length > 0) return open({ config });
  pristine ??= open();
  // A failure is not kept: the next try asks anew.
  pristine.catch(() => (pristine = undefined));
  return (await pristine).fork();
}

/** `<redlet-lesson src="…">`. When its task is done it dispatches an event `redlet-solved`. */
export class RedletLesson extends HTMLElement {
  #body = h('div.body');
  /** @type {LessonView | undefined} */
  #view;
  /** @type {Console | undefined} */
  #console;
  /** @type {Redlet | undefined} */
  #redis;
  /** @type {Promise<void> | undefined} */
  #begun;
  #shown = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    dress(root);
    root.append(this.#body);
  }

  connectedCallback() {
    if (this.#shown) return;
    this.#shown = true;
    this.#show().catch(async (error) => {
      const say = await wordsOf(languageOf(this));
      const why = /** @type {Error} */ (error).message;
      this.#body.replaceChildren(h('p', { role: 'alert' }, say('course.failed', { why })));
    });
  }

  disconnectedCallback() {
    this.#view?.end();
    void this.#redis?.close();
    this.#redis = this.#begun = undefined;
    this.#shown = false;
  }

  async #show() {
    const say = await wordsOf(languageOf(this));
    const lesson = await read(this.getAttribute('src') ?? '', languageOf(this));
    const view = new LessonView(lesson, say, this, {
      solved: () => this.dispatchEvent(new CustomEvent('redlet-solved', { bubbles: true })),
    });
    this.#view = view;
    this.#console = new Console(lesson, say, {
      redis: () => this.#begin(),
      saw: (reply) => void view.saw(reply),
      turned: () => void view.check(),
    });
    this.#body.replaceChildren(view.root, this.#console.root);
  }

  /** Starts the lesson, if it has not been started. */
  async #begin() {
    this.#begun ??= this.#view?.begin();
    await this.#begun;
    if (!this.#redis) {
      this.#begun = undefined;
      throw new Error('The engine does not start.');
    }
    return this.#redis;
  }

  /** As a host of the lesson: the server. */
  get redis() {
    return /** @type {Redlet} */ (this.#redis);
  }

  /** As a host of the lesson: another server. @param {Record<string, string>} [config] */
  async reset(config = {}) {
    const last = this.#redis;
    this.#redis = await server(config);
    this.#begun ??= Promise.resolve();
    if (!last) return;
    this.#console?.reset();
    await last.close();
  }

  /**
   * As a host of the lesson: has a client enter a line.
   *
   * @param {string} line
   * @param {string} client
   */
  run(line, client) {
    return this.#console?.run(line, client);
  }

  /** As a host of the lesson: the clock, for which the lesson begins too. */
  clock = {
    advance: async (/** @type {number} */ ms) => (await this.#begin()).clock.advance(ms),
  };
}

/**
 * @param {string} src names a lesson of the course, or is an address
 * @param {string} lang what one of the course is wanted in
 */
async function read(src, lang) {
  if (/^[\w-]+$/.test(src)) return (await Course.load(LESSONS, lang)).read(src);
  const url = new URL(src, document.baseURI);
  const id = String(url.pathname.split('/').pop()).replace(/\.txt$/, '');
  return parseLesson(id, await text(url.href));
}

customElements.define('redlet-lesson', RedletLesson);
