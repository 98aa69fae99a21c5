/**
 * The lessons' words in the person's language.
 *
 * @module
 */

import { words as english } from './words.en.js';

/** @typedef {keyof typeof english} Word */

/** @typedef {(key: Word, values?: Record<string, string | number>) => string} Say */

/** What languages beside English there are. */
const OTHERS = { de: () => import('./words.de.js') };

/** The languages beside English that lessons may be in, too. */
export const LANGUAGES = Object.keys(OTHERS);

/**
 * Gets the words of a language; English where there are none.
 *
 * @param {string} code such as `de` or `de-AT`
 * @returns {Promise<Say>} says a word or sentence, with values in the place of `{names}`
 */
export async function wordsOf(code) {
  const load = OTHERS[/** @type {keyof typeof OTHERS} */ (code.slice(0, 2).toLowerCase())];
  /** @type {Partial<typeof english>} */
  const words = load ? (await load()).words : english;
  return (key, values = {}) => {
    const text = words[key] ?? english[key];
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
  };
}

/**
 * The language that an element is in.
 *
 * @param {HTMLElement} element
 */
export function languageOf(element) {
  const root = element.closest('[lang]') ?? document.documentElement;
  return root.getAttribute('lang') || 'en';
}
