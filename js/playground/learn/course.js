/**
 * The course: which lessons there are, in which order, and which are done.
 *
 * @module
 */

import { parseLesson, translated } from './lesson.js';

/**
 * Where progress is kept.
 *
 * @typedef {object} Store
 * @property {(key: string) => string | null} getItem
 * @property {(key: string, value: string) => void} setItem
 */

/** @typedef {{ id: string, titles: { en: string } & Record<string, string> }} Entry by languages */

/** @typedef {{ number: number, lessons: Entry[] }} Chapter */

/** Where the lessons are, beside these scripts. */
export const LESSONS = new URL('../lessons/', import.meta.url).href;

/** Under which name progress is kept. */
const KEY = 'redlet.lessons';

/** All lessons, and how far somebody has come. */
export class Course {
  #base;
  #entries;
  #lang;
  #store;
  /** @type {Set<string>} */
  #done = new Set();
  /** The lesson that was opened last; empty if none was. */
  last = '';

  /**
   * @param {string} base where the lessons are, with a slash at the end
   * @param {Entry[]} entries in their order
   * @param {string} lang what the lessons are read in, those that there are in it
   * @param {Store} store
   */
  constructor(base, entries, lang, store) {
    this.#base = base;
    this.#entries = entries;
    this.#lang = lang.slice(0, 2).toLowerCase();
    this.#store = store;
    this.#recall();
  }

  /**
   * Gets the list of lessons. The lessons themselves come one by one.
   *
   * @param {string} base where they are, with a slash at the end
   * @param {string} lang such as `de` or `de-AT`
   * @param {Store} [store]
   */
  static async load(base, lang, store = browserStore()) {
    return new Course(base, JSON.parse(await text(`${base}index.json`)), lang, store);
  }

  /** How many lessons there are. */
  get size() {
    return this.#entries.length;
  }

  /** How many of them are done. */
  get done() {
    return this.#entries.filter(({ id }) => this.#done.has(id)).length;
  }

  /** @returns {Chapter[]} */
  get chapters() {
    /** @type {Chapter[]} */
    const chapters = [];
    for (const entry of this.#entries) {
      const number = chapterOf(entry.id);
      if (chapters.at(-1)?.number !== number) chapters.push({ number, lessons: [] });
      chapters.at(-1)?.lessons.push(entry);
    }
    return chapters;
  }

  /** @param {string} id */
  has(id) {
    return this.#entries.some((entry) => entry.id === id);
  }

  /** @param {string} id */
  isDone(id) {
    return this.#done.has(id);
  }

  /** Where to go on: the lesson that was opened last, or the first that is not done. */
  get next() {
    if (this.has(this.last) && !this.isDone(this.last)) return this.last;
    return (this.#entries.find(({ id }) => !this.isDone(id)) ?? this.#entries[0])?.id ?? '';
  }

  /** @param {string} id @returns {Entry | undefined} the lesson behind it */
  after(id) {
    return this.#entries[this.#entries.findIndex((entry) => entry.id === id) + 1];
  }

  /**
   * What a lesson is called, and in which language.
   *
   * @param {Entry} entry
   */
  title({ titles }) {
    const title = titles[this.#lang];
    return title ? { title, lang: this.#lang } : { title: titles.en, lang: 'en' };
  }

  /** @param {string} id of any lesson */
  async read(id) {
    const lesson = parseLesson(id, await text(`${this.#base}${id}.txt`));
    const entry = this.#entries.find((one) => one.id === id);
    const { lang } = entry ? this.title(entry) : lesson;
    if (lang === lesson.lang) return lesson;
    return translated(lesson, lang, await text(`${this.#base}${lang}/${id}.txt`));
  }

  /** @param {string} id of the lesson that is opened */
  async open(id) {
    const lesson = await this.read(id);
    this.last = id;
    this.#keep();
    return lesson;
  }

  /** @param {string} id of the lesson that is done */
  finish(id) {
    this.#done.add(id);
    this.#keep();
  }

  #keep() {
    this.#store.setItem(KEY, JSON.stringify({ done: [...this.#done], last: this.last }));
  }

  #recall() {
    try {
      const { done, last } = JSON.parse(this.#store.getItem(KEY) ?? '{}');
      if (Array.isArray(done)) this.#done = new Set(done.map(String));
      if (typeof last === 'string') this.last = last;
    } catch {
      // What is no progress counts as none.
    }
  }
}

/** @param {string} id 0203-wait-for-work is of chapter 2 */
export function chapterOf(id) {
  return Number(id.slice(0, 2));
}

/** @param {string} id 0203-wait-for-work is the third of its chapter */
export function numberOf(id) {
  return Number(id.slice(2, 4));
}

/**
 * The lesson that an address names: `#lesson=0101-a-key-and-its-value`, among other things perhaps.
 *
 * @param {string} hash
 * @returns {string} empty if it names none
 */
export function lessonIn(hash) {
  return new URLSearchParams(hash.replace(/^#/, '')).get('lesson') ?? '';
}

/** @param {string} url */
export async function text(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.text();
}

/** The browser's store; where there is none, what is kept is kept as long as the page lives. */
function browserStore() {
  /** @type {Map<string, string>} */
  const memory = new Map();
  return {
    /** @param {string} key */
    getItem(key) {
      try {
        return localStorage.getItem(key);
      } catch {
        return memory.get(key) ?? null;
      }
    },
    /** @param {string} key @param {string} value */
    setItem(key, value) {
      try {
        localStorage.setItem(key, value);
      } catch {
        memory.set(key, value);
      }
    },
  };
}
