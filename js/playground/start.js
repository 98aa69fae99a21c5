/**
 * What comes when the page can be typed in: the engine, and all that shows it.
 *
 * @module
 */

import { Commands } from '../src/cli/commands.js';
import { button, find } from './dom.js';
import { help } from './help.js';
import { Host } from './host.js';
import { Keys } from './keys.js';
import { Place } from './place.js';
import { read } from './share.js';
import { Time } from './time.js';
import { places, tools } from './tools.js';
import { views } from './views.js';
import { wire } from './wire.js';
import { t } from './words.js';

/** @typedef {import('./main.js').App} App */

/** @param {App} app */
export async function start(app) {
  const loading = /** @type {HTMLProgressElement} */ (find('#loading'));
  const progress = (/** @type {number} */ part) => (loading.value = part);
  const onshutdown = () => shutDown(app);
  app.own = (kind, snapshot, config, seed) =>
    Place.open(kind, { progress, onshutdown, snapshot, config, seed });
  const shared = await read(location.hash);
  const session = shared?.replay ? (await import('./replay.js')).parse(shared.replay) : undefined;
  const alone = shared !== undefined || new URLSearchParams(location.search).has('fresh');
  const own = () => app.own(alone ? 'fresh' : 'kept', shared?.image, undefined, session?.seed);
  if (alone || !(await places(app, own))) await app.move(await own());
  loading.hidden = true;
  const client = /** @type {Place} */ (app.place).redis.client();
  const commands = (app.commands = await Commands.of(client));
  app.help = (words) => help(commands, words);
  client.close();
  views(app);
  app.edit = async () => (await import('./edit.js')).edit(app);
  wire(app);
  tools(app);
  const keys = new Keys(app, find('#keys'));
  const time = new Time(app, find('#clock'));
  app.keepState = () => time.keep();
  const host = new Host(app);
  Object.assign(globalThis, { redlet: host });
  if (shared) app.panes.active.print(t('share.came'), 'note');
  if (shared?.text) app.panes.active.paste(shared.text);
  if (session) await new (await import('./player.js')).Player(app, session).attach();
  document.documentElement.dataset.ready = 'true';
  const { learn } = await import('./learn.js');
  learn(host, keys);
  // Not every place lets a page keep itself; it works all the same.
  void navigator.serviceWorker?.register('./sw.js').catch(() => {});
}

/** @param {App} app */
function shutDown(app) {
  const kind = app.place?.kind === 'kept' ? 'kept' : 'fresh';
  app.lost();
  /** @type {HTMLButtonElement[]} */
  const buttons = [];
  for (const pane of app.panes.all) {
    const entry = pane.print(t('shutdown.said'), 'note');
    const again = button(t('shutdown.restart'), restart, { class: 'primary' });
    entry.append(' ', again);
    buttons.push(/** @type {HTMLButtonElement} */ (again));
    if (pane === app.panes.active) again.focus();
  }
  let started = false;

  async function restart() {
    if (started) return;
    started = true;
    for (const again of buttons) again.disabled = true;
    await app.move(await app.own(kind));
    app.panes.active.focus();
  }
}
