/**
 * `<redlet-repl>`: a terminal for articles, documentation and slides. What stands within it are
 * commands, which a click runs; nothing but this file and its sheet is fetched before.
 *
 *     <script type="module" src="https://…/embed.js"></script>
 *     <redlet-repl>
 *     RPUSH queue first second
 *     LRANGE queue 0 -1
 *     </redlet-repl>
 *
 * Blocks of a page share one server, unless an attribute `server` names another for some of them.
 *
 * @module
 */

import { button, h } from './dom.js';
import { t } from './words.js';

/** @typedef {import('./place.js').Place} Place */

/** The servers of the page, by name. @type {Map<string, Promise<Place>>} */
const servers = new Map();

/** @param {string} name */
function server(name) {
  let opened = servers.get(name);
  if (!opened) {
    opened = import('./place.js').then(({ Place: { open } }) =>
      open('fresh', { progress() {}, onshutdown: () => servers.delete(name) }),
    );
    opened.catch(() => servers.delete(name));
    servers.set(name, opened);
  }
  return opened;
}

export class RedletRepl extends HTMLElement {
  #lines = '';
  /** @type {import('./pane.js').Pane | undefined} */
  #pane;
  #root = this.attachShadow({ mode: 'open' });

  connectedCallback() {
    if (this.#root.childElementCount > 0) return;
    this.#lines = (this.textContent ?? '')
      .split('\n')
      .map((line) => line.trim())
      .join('\n')
      .trim();
    const sheets = ['tokens', 'shell', 'panes', 'embed'].map((name) =>
      h('link', {
        rel: 'stylesheet',
        href: new URL(`./style/${name}.css`, import.meta.url).href,
      }),
    );
    const run = button(t('embed.run'), () => void this.run(), { class: 'primary' });
    const still = h('div.still', {}, h('pre', {}, this.#lines), run);
    this.setAttribute('role', 'group');
    if (!this.hasAttribute('aria-label')) this.setAttribute('aria-label', t('embed.label'));
    this.#root.append(...sheets, still);
  }

  /** Fetches the engine, if it is not there, and runs the commands that stand within. */
  async run() {
    if (this.#pane) return this.#pane.paste(this.#lines);
    const still = /** @type {HTMLElement} */ (this.#root.querySelector('.still'));
    for (const control of still.querySelectorAll('button')) control.disabled = true;
    try {
      const [{ Pane }, { Commands }, { help }, place] = await Promise.all([
        import('./pane.js'),
        import('../src/cli/commands.js'),
        import('./help.js'),
        server(this.getAttribute('server') ?? ''),
      ]);
      const client = place.redis.client();
      const commands = await Commands.of(client);
      client.close();
      const pane = new Pane(
        {
          redis: () => place.redis,
          commands: () => commands,
          keys: () => [],
          changed() {},
          sent() {},
          ran() {},
          stopped() {},
          exchanged() {},
          edit() {},
          shown: () => undefined,
          wire: () => undefined,
          help: (words) => help(commands, words),
          stop: async (stopped) => {
            if (await place.kill()) stopped.print(t('stop.unkillable'), 'note');
          },
          close() {},
        },
        this.getAttribute('name') ?? 'embedded',
      );
      this.#pane = pane;
      still.replaceWith(h('div', { id: 'panes', 'data-count': 1 }, pane));
      pane.connect();
      pane.paste(this.#lines);
      pane.focus();
    } catch (error) {
      still.append(h('p.error', {}, t('loading.failed', { why: String(error) })));
    }
  }
}

customElements.define('redlet-repl', RedletRepl);
