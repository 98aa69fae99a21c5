/**
 * Scripts and functions, written in an editor and run.
 *
 * @module
 */

import { Session } from '../src/cli/session.js';
import { splitArgs, toBinary } from '../src/sds.js';
import { editor } from './codemirror.js';
import { button, download, h } from './dom.js';
import { t } from './words.js';

/** @typedef {import('./main.js').App} App */

const STORE = 'redlet.script';
const FIRST = `-- KEYS and ARGV are tables, which begin at 1.
local n = redis.call('INCRBY', KEYS[1], ARGV[1])
return n
`;

/** @type {Edit | undefined} */
let open;

/** Opens the editor. @param {App} app */
export function edit(app) {
  open ??= new Edit(app);
  open.show();
}

class Edit {
  #app;
  #dialog = /** @type {HTMLDialogElement} */ (h('dialog.edit', { 'aria-label': t('edit.title') }));
  #keys = field('edit.keys', 'visits');
  #args = field('edit.args', '1');
  #said = h('pre.answer', { role: 'status' });
  #text;
  /** The connection that a script runs on, if one does. @type {Session | undefined} */
  #session;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
    const place = h('div.code');
    this.#dialog.append(
      h('h2', {}, t('edit.title')),
      h('p.small.muted', {}, t('edit.how')),
      place,
      h('div.row', {}, this.#keys.label, this.#args.label),
      h(
        'div.row',
        {},
        button(t('edit.run'), () => this.#run(), { class: 'primary', 'data-act': 'run' }),
        button(t('edit.load'), () => this.#load(), { 'data-act': 'load' }),
        button(t('pane.stop'), () => void this.#stop(), { 'data-act': 'stop' }),
        button(t('edit.save'), () => download('script.lua', this.#text.text)),
        h('span.grow'),
        button(t('close'), () => this.#dialog.close()),
      ),
      this.#said,
    );
    this.#dialog.addEventListener('close', () => this.#keep());
    document.body.append(this.#dialog);
    this.#text = editor(place, kept(), t('edit.title'));
  }

  show() {
    this.#dialog.showModal();
    this.#text.focus();
  }

  #run() {
    try {
      const [keys, args] = [this.#keys, this.#args].map(({ input }) =>
        splitArgs(toBinary(input.value)),
      );
      const names = keys ?? [];
      this.#send([
        'EVAL',
        toBinary(this.#text.text),
        String(names.length),
        ...names,
        ...(args ?? []),
      ]);
    } catch (error) {
      this.#say(/** @type {Error} */ (error).message, true);
    }
  }

  #load() {
    this.#send(['FUNCTION', 'LOAD', 'REPLACE', toBinary(this.#text.text)]);
  }

  /** @param {string[]} words */
  #send(words) {
    this.#keep();
    const redis = this.#app.place?.redis;
    if (!redis) return this.#say(t('help.later'), true);
    this.#session?.interrupt();
    const session = (this.#session = new Session(redis, {
      print: (text, isError) => {
        session.interrupt();
        this.#say(text, isError);
      },
      changed: () => {},
    }));
    session.greeting = [['SELECT', String(this.#app.panes.active.db)]];
    session.send(words);
  }

  /**
   * @param {string} text
   * @param {boolean} isError
   */
  #say(text, isError) {
    // Errors of the compiler and of what runs name their line alike.
    const line = isError ? Number(/user_(?:script|function):(\d+)/.exec(text)?.[1] ?? 0) : 0;
    this.#text.mark(line, text);
    this.#said.textContent = text;
    this.#said.classList.toggle('error', isError);
    this.#app.changed();
  }

  async #stop() {
    this.#session?.interrupt();
    await this.#app.place?.kill();
  }

  #keep() {
    try {
      localStorage.setItem(STORE, this.#text.text);
    } catch {
      // It is there until the page is closed.
    }
  }
}

function kept() {
  try {
    return localStorage.getItem(STORE) ?? FIRST;
  } catch {
    return FIRST;
  }
}

/**
 * @param {'edit.keys' | 'edit.args'} word
 * @param {string} value
 */
function field(word, value) {
  const input = /** @type {HTMLInputElement} */ (
    h('input.text', { value, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off' })
  );
  return { input, label: h('label', {}, t(word), ' ', input) };
}
