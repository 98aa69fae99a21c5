/**
 * The part of the page that teaches: the list of lessons, and one of them.
 *
 * @module
 */

import { format } from '../../src/cli/reply.js';
import { Course, LESSONS, chapterOf, lessonIn, numberOf } from './course.js';
import { button, h } from '../dom.js';
import { resp2 } from './reply.js';
import { dress } from './style.js';
import { LessonView } from './view.js';
import { languageOf, wordsOf } from './words.js';

/** @typedef {import('../../src/cli/reply.js').Reply} Reply */
/** @typedef {import('./view.js').Host} Host */

/**
 * What a client of the page's was answered, or got without asking. The page dispatches an event
 * `redlet-exchange` with it on the document.
 *
 * @typedef {object} Exchange
 * @property {string} pane the client's name
 * @property {string[] | string} [command] none for what comes without being asked
 * @property {Reply | string} reply as it came, or as redis-cli prints it
 */

/**
 * `<redlet-learn>`: the course. Its `host` is set by the page. It follows the
 * address (`#lesson=…`), and tells the page by an event `redlet-lesson` which lesson is open, with
 * its `picture` (what to look at), or none.
 */
export class LearnPanel extends HTMLElement {
  /** @type {Host | undefined} */
  #host;
  #root;
  /** @type {Course | undefined} */
  #course;
  /** @type {import('./words.js').Say | undefined} */
  #say;
  /** @type {LessonView | undefined} */
  #view;
  /** The lesson that is shown; empty for the list. */
  #id = '';
  /** Whether what is on the server came from a lesson. */
  #ours = false;
  #body = h('div.body');

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: 'open' });
    dress(this.#root);
    this.#root.append(this.#body);
  }

  connectedCallback() {
    // Set before the element was defined, it is a plain property as yet.
    if (Object.hasOwn(this, 'host')) {
      const { host } = this;
      Reflect.deleteProperty(this, 'host');
      this.host = host;
    }
    document.addEventListener('redlet-exchange', this.#exchanged);
    addEventListener('hashchange', this.#moved);
    void this.#start();
  }

  disconnectedCallback() {
    document.removeEventListener('redlet-exchange', this.#exchanged);
    removeEventListener('hashchange', this.#moved);
    this.#view?.end();
  }

  /** What surrounds it; lessons begin once it is set. */
  get host() {
    return this.#host;
  }

  set host(host) {
    this.#host = host;
    if (this.#course) void this.#show();
  }

  async #start() {
    this.#say ??= await wordsOf(languageOf(this));
    try {
      this.#course ??= await Course.load(LESSONS, languageOf(this));
      await this.#show();
    } catch (error) {
      this.#fail(error);
    }
  }

  #moved = () => void this.#show(true);

  /** @param {Event} event */
  #exchanged = (event) => {
    const { reply } = /** @type {CustomEvent<Exchange>} */ (event).detail;
    void this.#view?.saw(typeof reply === 'string' ? reply : format(resp2(reply)));
  };

  /**
   * Shows what the address names.
   *
   * @param {boolean} [moved] whether the learner has just gone there
   */
  async #show(moved = false) {
    const course = this.#course;
    if (!course) return;
    const asked = lessonIn(location.hash);
    const id = course.has(asked) ? asked : '';
    if (id !== '' && !this.#host) return;
    if (id === this.#id && this.#body.firstChild) return;
    this.#id = id;
    this.#view?.end();
    this.#view = undefined;
    if (id === '') this.#list(course);
    else await this.#lesson(course, id).catch((error) => this.#fail(error));
    if (moved) /** @type {HTMLElement | null} */ (this.#body.querySelector('h2'))?.focus();
  }

  /** @param {Course} course */
  #list(course) {
    const say = /** @type {import('./words.js').Say} */ (this.#say);
    const { done, size, next } = course;
    const progress = say('course.progress', { done, all: size });
    this.#body.replaceChildren(
      h('h2', { tabindex: -1 }, say('course.title')),
      h('p', {}, say('course.about')),
      h('progress', { value: done, max: size, 'aria-label': progress }),
      h('p.quiet', {}, progress),
      h('a.button.primary', { href: `#lesson=${next}` }, say(done ? 'course.goOn' : 'course.go')),
      ...course.chapters.map(({ number, lessons }) =>
        h(
          'section',
          {},
          h('h3', {}, say(/** @type {any} */ (`chapter.${number}`))),
          h('ol.lessons', { start: 1 }, ...lessons.map((entry) => this.#entry(course, entry))),
        ),
      ),
    );
    this.#tell(undefined);
  }

  /**
   * @param {Course} course
   * @param {import('./course.js').Entry} entry
   */
  #entry(course, entry) {
    const { id } = entry;
    const { title, lang } = course.title(entry);
    const done = course.isDone(id) && this.#say?.('course.done');
    return h(
      'li',
      {},
      h(
        'a',
        { href: `#lesson=${id}`, 'data-done': Boolean(done) },
        h('span', { lang }, title),
        done && h('span.done', {}, ` ✓ ${done}`),
      ),
    );
  }

  /**
   * @param {Course} course
   * @param {string} id
   */
  async #lesson(course, id) {
    const host = /** @type {Host} */ (this.#host);
    const say = /** @type {import('./words.js').Say} */ (this.#say);
    const lesson = await course.open(id);
    if (this.#id !== id) return;
    const after = course.after(id);
    const view = new LessonView(lesson, say, host, {
      solved: () => course.finish(id),
      next: after && (() => (location.hash = `lesson=${after.id}`)),
      nextTitle: after && course.title(after).title,
      last: !after,
    });
    this.#view = view;
    const title = say(/** @type {any} */ (`chapter.${chapterOf(id)}`));
    const place = say('lesson.place', { chapter: chapterOf(id), n: numberOf(id), title });
    const back = button(`‹ ${say('lesson.back')}`, () => (location.hash = ''));
    this.#body.replaceChildren(h('nav', {}, back, h('span.quiet', {}, place)), view.root);
    this.#tell(lesson);
    if (!this.#ours && !host.keeps && !(await isEmpty(host)))
      view.ask(() => void this.#begin(view));
    else await this.#begin(view);
  }

  /** @param {LessonView} view */
  async #begin(view) {
    if (view !== this.#view) return;
    this.#ours = true;
    await view.begin();
  }

  /** @param {import('./lesson.js').Lesson | undefined} lesson */
  #tell(lesson) {
    const detail = lesson && { id: lesson.id, title: lesson.title, picture: lesson.picture };
    const more = { bubbles: true, composed: true, detail };
    this.dispatchEvent(new CustomEvent('redlet-lesson', more));
  }

  /** @param {unknown} error */
  #fail(error) {
    const why = /** @type {Error} */ (error).message;
    this.#body.replaceChildren(h('p', { role: 'alert' }, this.#say?.('course.failed', { why })));
  }
}

/**
 * Whether the server has no keys, which would go when a lesson begins.
 *
 * @param {Host} host
 */
async function isEmpty(host) {
  const info = String(await host.redis.call('INFO', 'keyspace').catch(() => ''));
  return !/^db\d/m.test(info);
}

customElements.define('redlet-learn', LearnPanel);
