/**
 * The terminal: a log of what was sent and answered, and a line to type in.
 *
 * @module
 */

import { remainder } from '../src/cli/commands.js';

/** How many lines of input are remembered. */
const HISTORY_MAX = 500;
/** How many entries the log keeps. */
const ENTRIES_MAX = 2000;
const STORE = 'redlet.history';

/** The line's elements, and what is done with a line that was entered. */
export class Terminal {
  #output = /** @type {HTMLElement} */ (document.querySelector('#output'));
  #input = /** @type {HTMLInputElement} */ (document.querySelector('#input'));
  #ghost = /** @type {HTMLElement} */ (document.querySelector('#ghost'));
  #hint = /** @type {HTMLElement} */ (document.querySelector('#hint'));
  #prompt = /** @type {HTMLElement} */ (document.querySelector('#prompt'));
  #commands;
  #handlers;
  #history = remembered();
  /** Which line of the history is shown; its length stands for the line that is being typed. */
  #at = this.#history.length;
  #draft = '';

  /**
   * @param {import('../src/cli/commands.js').Commands} commands
   * @param {{ enter: (line: string) => void, interrupt: () => void }} handlers
   */
  constructor(commands, handlers) {
    this.#commands = commands;
    this.#handlers = handlers;
    const form = /** @type {HTMLFormElement} */ (document.querySelector('#line'));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#enter();
    });
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    this.#input.addEventListener('input', () => this.#suggest());
    this.#output.addEventListener('click', (event) => this.#click(event));
    this.#input.disabled = false;
    this.focus();
  }

  /** The prompt before the line. @param {string} text */
  set prompt(text) {
    this.#prompt.textContent = text;
  }

  focus() {
    this.#input.focus();
  }

  /** Empties the log. */
  clear() {
    this.#output.replaceChildren();
  }

  /**
   * Appends to the log. In a note, what stands between backquotes can be clicked to run it.
   *
   * @param {string} text
   * @param {'reply' | 'error' | 'note' | 'sent'} kind
   */
  print(text, kind) {
    const entry = document.createElement('div');
    entry.className = kind;
    if (kind === 'note') entry.append(...clickable(text));
    else if (kind === 'sent') entry.append(`${this.#prompt.textContent} `, bold(text));
    else entry.textContent = text;
    this.#output.append(entry);
    while (this.#output.childElementCount > ENTRIES_MAX) this.#output.firstElementChild?.remove();
    this.#output.scrollTop = this.#output.scrollHeight;
  }

  /**
   * Enters a line as if it had been typed.
   *
   * @param {string} line
   */
  run(line) {
    this.#input.value = line;
    this.#enter();
    this.focus();
  }

  #enter() {
    const line = this.#input.value;
    this.#set('');
    this.print(line, 'sent');
    if (line.trim() === '') return;
    if (this.#history.at(-1) !== line) this.#history.push(line);
    this.#history.splice(0, this.#history.length - HISTORY_MAX);
    this.#at = this.#history.length;
    remember(this.#history);
    this.#handlers.enter(line);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key, ctrlKey } = event;
    const { value, selectionStart, selectionEnd } = this.#input;
    const atEnd = selectionStart === value.length && selectionEnd === value.length;
    if (key === 'ArrowUp') this.#browse(-1);
    else if (key === 'ArrowDown') this.#browse(1);
    else if (
      (key === 'Tab' && !event.shiftKey && value !== '') ||
      (key === 'ArrowRight' && atEnd)
    ) {
      if (!this.#complete()) return;
    } else if (ctrlKey && key === 'l') this.clear();
    else if (ctrlKey && key === 'c' && selectionStart === selectionEnd) this.#interrupt();
    else return;
    event.preventDefault();
  }

  #interrupt() {
    this.print(`${this.#input.value}^C`, 'sent');
    this.#set('');
    this.#handlers.interrupt();
  }

  /** @param {number} step */
  #browse(step) {
    const next = this.#at + step;
    if (next < 0 || next > this.#history.length) return;
    if (this.#at === this.#history.length) this.#draft = this.#input.value;
    this.#at = next;
    this.#set(this.#history[next] ?? this.#draft);
  }

  /** Completes the command's name. @returns {boolean} whether there was anything to complete */
  #complete() {
    const typed = this.#input.value;
    const [name] = this.#commands.completions(typed);
    if (name === undefined || name === typed.toUpperCase()) return false;
    this.#set(`${inCaseOf(typed, name)} `);
    return true;
  }

  /** @param {string} line */
  #set(line) {
    this.#input.value = line;
    this.#suggest();
  }

  /** Shows behind the line what could follow, and under it what the command does. */
  #suggest() {
    const typed = this.#input.value;
    const names = this.#commands.completions(typed);
    const command = this.#commands.find(typed.trim().split(/\s+/));
    const known = command && /\s/.test(typed.trimStart());
    let rest = '';
    if (known && /\s$/.test(typed)) rest = remainder(command, typed);
    else if (names[0] !== undefined)
      rest = inCaseOf(typed, names[0]).slice(typed.trimStart().length);
    const before = document.createElement('i');
    before.textContent = typed;
    this.#ghost.replaceChildren(before, rest);
    this.#hint.textContent = hint(known ? command : undefined, names);
  }

  /** @param {Event} event */
  #click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.classList.contains('try')) this.run(String(target.textContent));
    else if (String(document.getSelection()) === '') this.focus();
  }
}

/**
 * @param {import('../src/cli/commands.js').Command | undefined} command
 * @param {string[]} names
 */
function hint(command, names) {
  if (command) return `${command.name} ${command.syntax} — ${command.summary}`;
  return names.slice(0, 12).join('   ') + (names.length > 12 ? '   …' : '');
}

/**
 * @param {string} typed
 * @param {string} name
 */
function inCaseOf(typed, name) {
  return /[a-z]/.test(typed) ? name.toLowerCase() : name;
}

/** @param {string} text */
function bold(text) {
  const element = document.createElement('b');
  element.textContent = text;
  return element;
}

/** @param {string} text */
function clickable(text) {
  return text.split('`').map((part, i) => {
    if (i % 2 === 0) return part;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'try';
    button.textContent = part;
    return button;
  });
}

/** @returns {string[]} */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? '[]');
  } catch {
    return [];
  }
}

/** @param {string[]} history */
function remember(history) {
  try {
    localStorage.setItem(STORE, JSON.stringify(history));
  } catch {
    // A page that may not store forgets its history: no more than that.
  }
}
