/**
 * The line that is typed: history, completion, search.
 *
 * @module
 */

import { remainder } from '../src/cli/commands.js';
import { find, h } from './dom.js';
import { onceAFrame } from './latest.js';
import { t } from './words.js';

/** @typedef {import('../src/cli/commands.js').Commands} Commands */

/** How many lines of input are remembered. */
const HISTORY_MAX = 500;
const STORE = 'redlet.history';

/** What all panes have typed, the last line last. */
const history = remembered();

/**
 * What a line's owner does for it.
 *
 * @typedef {object} LineOwner
 * @property {(line: string) => void} enter
 * @property {(text: string) => void} paste gets a text of several lines
 * @property {() => void} interrupt
 * @property {() => void} clear
 * @property {() => Commands | undefined} commands once they are known
 * @property {() => string[]} keys those that may be meant
 */

export class Line {
  #owner;
  #input;
  #ghost;
  #hint;
  /** Which line of the history is shown; its length stands for the line that is being typed. */
  #at = history.length;
  #draft = '';
  /** What is searched for, if a search is under way. @type {string | undefined} */
  #search;

  /**
   * @param {HTMLElement} root that holds the form and the hint
   * @param {LineOwner} owner
   */
  constructor(root, owner) {
    this.#owner = owner;
    this.#input = /** @type {HTMLInputElement} */ (find('.input', root));
    this.#ghost = find('.ghost', root);
    this.#hint = find('.hint', root);
    find('form', root).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#enter();
    });
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    this.#input.addEventListener('input', () => this.#typed());
    this.#input.addEventListener('paste', (event) => this.#paste(event));
    this.#input.addEventListener('blur', () => this.#endSearch());
  }

  focus() {
    this.#input.focus();
  }

  /** The text of the line. */
  get text() {
    return this.#input.value;
  }

  set text(text) {
    this.#input.value = text;
    this.suggest();
  }

  /** Notes a line in the history. @param {string} line */
  remember(line) {
    if (history.at(-1) !== line) history.push(line);
    history.splice(0, history.length - HISTORY_MAX);
    this.#at = history.length;
    storeSoon();
  }

  /** Does what a key does, for those who have none. @param {'Tab' | 'ArrowUp' | 'ArrowDown'} key */
  press(key) {
    if (key === 'Tab') this.#complete();
    else this.#browse(key === 'ArrowUp' ? -1 : 1);
    this.focus();
  }

  #enter() {
    this.#endSearch();
    const line = this.text;
    this.text = '';
    this.#at = history.length;
    this.#owner.enter(line);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (!/\n./.test(text.trim())) return;
    event.preventDefault();
    this.#owner.paste(this.text + text);
    this.text = '';
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key, ctrlKey } = event;
    const { value, selectionStart, selectionEnd } = this.#input;
    const atEnd = selectionStart === value.length && selectionEnd === value.length;
    if (ctrlKey && key === 'r') this.#find(this.#search === undefined ? undefined : -1);
    else if (this.#search !== undefined && (key === 'Escape' || (ctrlKey && key === 'g'))) {
      this.#endSearch();
      this.text = this.#draft;
    } else if (key === 'ArrowUp') this.#browse(-1);
    else if (key === 'ArrowDown') this.#browse(1);
    else if (
      (key === 'Tab' && !event.shiftKey && value !== '') ||
      (key === 'ArrowRight' && atEnd)
    ) {
      if (!this.#complete()) return;
    } else if (ctrlKey && key === 'l') this.#owner.clear();
    else if (ctrlKey && key === 'c' && selectionStart === selectionEnd) this.#owner.interrupt();
    else return;
    event.preventDefault();
  }

  #typed() {
    if (this.#search !== undefined) this.#find(0);
    else this.suggest();
  }

  /**
   * Searches the history backwards for what is typed.
   *
   * @param {number | undefined} step undefined begins a search, 0 searches anew, -1 goes on
   */
  #find(step) {
    if (step === undefined) {
      this.#draft = this.text;
      this.#search = this.text;
      this.#at = history.length;
    } else if (step === 0) {
      this.#search = this.text;
      this.#at = history.length;
    }
    const wanted = String(this.#search).toLowerCase();
    let at = this.#at - 1;
    while (at >= 0 && !history[at]?.toLowerCase().includes(wanted)) at--;
    if (at >= 0) this.#at = at;
    const found = wanted === '' || at < 0 ? '' : (history[at] ?? '');
    this.#hint.replaceChildren(
      h('b', {}, t('line.search')),
      ' ',
      found || (wanted === '' ? t('line.searchHow') : t('line.searchNone')),
    );
    this.#hint.dataset.found = found;
    this.#ghost.replaceChildren();
  }

  #endSearch() {
    if (this.#search === undefined) return;
    const found = this.#hint.dataset.found;
    this.#search = undefined;
    delete this.#hint.dataset.found;
    if (found) this.text = found;
    else this.suggest();
  }

  /** @param {number} step */
  #browse(step) {
    this.#endSearch();
    const next = this.#at + step;
    if (next < 0 || next > history.length) return;
    if (this.#at === history.length) this.#draft = this.text;
    this.#at = next;
    this.text = history[next] ?? this.#draft;
  }

  /** Completes what is typed. @returns {boolean} whether there was anything to complete */
  #complete() {
    this.#endSearch();
    const rest = this.#completion();
    if (!rest) return false;
    this.text = this.text + rest + ' ';
    return true;
  }

  /** What could end the word that is typed: of a command, an option, a key. */
  #completion() {
    const typed = this.text;
    const commands = this.#owner.commands();
    if (!commands || typed.trim() === '') return '';
    const [name] = commands.completions(typed);
    if (name !== undefined)
      return inCaseOf(typed, name).slice(typed.trimStart().replace(/\s+/g, ' ').length);
    const word = /\S*$/.exec(typed)?.[0] ?? '';
    const command = commands.find(typed.trim().split(/\s+/));
    if (!command || word === '') return '';
    const option = tokens(command.syntax).find(
      (token) => token !== word.toUpperCase() && token.startsWith(word.toUpperCase()),
    );
    if (option) return inCaseOf(word, option).slice(word.length);
    const key = this.#owner.keys().find((one) => one.startsWith(word) && one !== word);
    return key?.slice(word.length) ?? '';
  }

  /** Shows behind the line what could follow, and under it what the command does. */
  suggest() {
    const typed = this.text;
    const commands = this.#owner.commands();
    const names = commands?.completions(typed) ?? [];
    const command = commands?.find(typed.trim().split(/\s+/));
    const known = command && /\s/.test(typed.trimStart());
    const rest = known && /\s$/.test(typed) ? remainder(command, typed) : this.#completion();
    const before = document.createElement('i');
    before.textContent = typed;
    this.#ghost.replaceChildren(before, rest);
    this.#hint.replaceChildren(...hint(known ? command : undefined, names));
  }
}

/**
 * @param {import('../src/cli/commands.js').Command | undefined} command
 * @param {string[]} names
 */
function hint(command, names) {
  if (command) return [h('b', {}, `${command.name} ${command.syntax}`), ` — ${command.summary}`];
  return [names.slice(0, 12).join('   ') + (names.length > 12 ? '   …' : '')];
}

/**
 * The words of a syntax that stand for themselves.
 *
 * @param {string} syntax
 */
function tokens(syntax) {
  return syntax.match(/\b[A-Z][A-Z0-9-]+\b/g) ?? [];
}

/**
 * @param {string} typed
 * @param {string} name
 */
function inCaseOf(typed, name) {
  return /[a-z]/.test(typed) ? name.toLowerCase() : name;
}

/** @returns {string[]} */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? '[]');
  } catch {
    return [];
  }
}

const storeSoon = onceAFrame(() => {
  try {
    localStorage.setItem(STORE, JSON.stringify(history));
  } catch {
    // A page that may not store forgets its history: no more than that.
  }
});
