/**
 * The page's words in the person's language.
 *
 * @module
 */

import { words as english } from './words.en.js';

/** @typedef {keyof typeof english} Word */

/** The languages there are, by their codes, as they call themselves. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' };

/** @type {Record<string, string>} */
let words = english;

/** The language in use. */
export let language = 'en';

/**
 * Chooses the language: the one that the address asks for, that was chosen before, or that the
 * browser asks for.
 *
 * @returns {Promise<void>}
 */
export async function chooseLanguage() {
  const asked = new URLSearchParams(location.search).get('lang') ?? stored();
  const wanted = [asked, ...navigator.languages].map((code) => String(code).slice(0, 2));
  const code = wanted.find((name) => name in LANGUAGES) ?? 'en';
  if (code === 'de') words = { ...english, ...(await import('./words.de.js')).words };
  language = code;
  document.documentElement.lang = code;
}

function stored() {
  try {
    return localStorage.getItem('redlet.language');
  } catch {
    return null;
  }
}

/**
 * A word or sentence, with values in the place of `{names}`.
 *
 * @param {Word} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values) {
  const text = words[key] ?? english[key];
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/**
 * Fills an element's descendants with words: `data-t` is the text, `data-t-label` the label.
 *
 * @param {ParentNode} root
 */
export function fill(root) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (
    root.querySelectorAll('[data-t], [data-t-label]')
  )) {
    const { t: text, tLabel: label } = element.dataset;
    if (text) element.textContent = t(/** @type {Word} */ (text));
    if (!label) continue;
    const said = t(/** @type {Word} */ (label));
    element.setAttribute('aria-label', said);
    if (element.tagName === 'BUTTON') element.title = said;
  }
}
