/**
 * What is kept and handed on: links, files, themes, languages, places.
 *
 * @module
 */

import { button, download, find, h } from './dom.js';
import { exported } from './export.js';
import { RemotePlace } from './remote-place.js';
import { commandLink, dataLink, lessonLink, lessonTags, replayLink } from './share.js';
import { LANGUAGES, language, t } from './words.js';

/** @typedef {import('./main.js').App} App */

/** @param {App} app */
export function tools(app) {
  const dialog = /** @type {HTMLDialogElement} */ (h('dialog', { 'aria-label': t('share.title') }));
  document.body.append(dialog);
  find('#tools').append(
    button(t('share.open'), () => show(app, dialog), { id: 'share' }),
    theme(),
    languages(),
  );
}

function theme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  const toggle = button('◐', turn, {
    class: 'icon',
    id: 'theme',
    'aria-label': t('theme.toggle'),
    title: t('theme.toggle'),
  });
  return toggle;

  function turn() {
    const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches;
    root.dataset.theme = isDark ? 'light' : 'dark';
    remember('redlet.theme', root.dataset.theme);
  }
}

function languages() {
  const select = h('select', { 'aria-label': t('language.label'), id: 'language' });
  for (const [code, name] of Object.entries(LANGUAGES))
    select.append(h('option', { value: code, selected: code === language }, name));
  select.addEventListener('change', () => {
    remember('redlet.language', /** @type {HTMLSelectElement} */ (select).value);
    const url = new URL(location.href);
    url.searchParams.delete('lang');
    if (url.href === location.href) location.reload();
    else location.href = url.href;
  });
  return select;
}

/**
 * @param {string} key
 * @param {string} value
 */
function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It holds until the page is closed.
  }
}

/**
 * Shows what can be copied, copies it, and says so.
 *
 * @typedef {(made: Promise<string> | string, word?: import('./words.js').Word) => Promise<void>} Link
 */

/**
 * @param {App} app
 * @param {HTMLDialogElement} dialog
 */
function show(app, dialog) {
  const said = h('p.small', { role: 'status' });
  const field = /** @type {HTMLInputElement} */ (
    h('input.text.link', { readonly: true, 'aria-label': t('share.link'), hidden: true })
  );
  /** @type {Link} */
  const link = async (made, word) => {
    field.value = await made;
    field.hidden = false;
    field.select();
    const copied = await navigator.clipboard?.writeText(field.value).then(
      () => true,
      () => false,
    );
    const how = copied ? 'share.copied' : 'share.made';
    said.textContent = t(word ?? how, { n: field.value.length });
  };
  const attempt = async (/** @type {() => Promise<unknown>} */ what) => {
    try {
      await what();
    } catch (error) {
      said.textContent = /** @type {Error} */ (error).message;
    }
  };
  const redis = () => /** @type {import('./place.js').Place} */ (app.place).redis;
  const remote = app.place?.kind === 'remote';
  const recorded = app.place?.recording?.useful;
  const row = (/** @type {(Node | string)[]} */ ...parts) => h('div.row', {}, parts);
  const act = (
    /** @type {import('./words.js').Word} */ word,
    /** @type {() => Promise<unknown>} */ what,
    disabled = false,
  ) => button(t(word), () => void attempt(what), { disabled, 'data-act': word });
  dialog.replaceChildren(
    h('h2', {}, t('share.title')),
    h(
      'div.rows',
      {},
      h('p.muted.small', {}, t(app.place?.kind === 'kept' ? 'share.kept' : 'share.fresh')),
      ...lessonRow(act, link),
      h('h3', {}, t('share.links')),
      row(
        act('share.commands', () => link(commandLink(app.lines))),
        act('share.data', async () => link(dataLink(await redis().snapshot())), remote),
        act('share.replay', async () => link(replayLink(await session(app))), !recorded),
      ),
      field,
      h('h3', {}, t('share.files')),
      row(
        act('share.export', async () => {
          if (app.place) download('redis-cli.txt', await exported(app.place, app.panes.active.db));
        }),
        act('share.save', async () => download('dump.rdb', await redis().snapshot()), remote),
        act('share.session', async () => download('session.txt', await session(app)), !recorded),
        act('share.load', () => load(app, dialog), remote),
      ),
      h('p.muted.small', {}, t('share.replayHow')),
      h('h3', {}, t('share.server')),
      row(
        act('share.reset', () => anew(app, dialog), remote),
        button(t('share.another'), () => open('?fresh', '_blank', 'noopener')),
      ),
      said,
      row(
        h('span.grow'),
        button(t('close'), () => dialog.close()),
      ),
    ),
  );
  dialog.showModal();
}

/**
 * What there is to share of the lesson that is open, if one is.
 *
 * @param {(word: import('./words.js').Word, what: () => Promise<unknown>) => Node} act
 * @param {Link} link
 */
function lessonRow(act, link) {
  const id = new URLSearchParams(location.hash.slice(1)).get('lesson');
  if (!id) return [];
  return [
    h('h3', {}, t('share.theLesson')),
    h(
      'div.row',
      {},
      act('share.lesson', () => link(lessonLink(id))),
      act('share.embed', () => link(lessonTags(id), 'share.tags')),
    ),
  ];
}

/** What was done here, as a text that does it again. @param {App} app */
async function session(app) {
  const { written } = await import('./replay.js');
  return written(/** @type {import('./record.js').Recording} */ (app.place?.recording));
}

/**
 * Opens a file: data, or a session.
 *
 * @param {App} app
 * @param {HTMLDialogElement} dialog
 */
async function load(app, dialog) {
  const accept = '.rdb,.txt';
  const input = /** @type {HTMLInputElement} */ (h('input', { type: 'file', accept }));
  input.click();
  await new Promise((resolve) => input.addEventListener('change', resolve, { once: true }));
  const file = input.files?.[0];
  if (!file || !app.place) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (file.name.endsWith('.txt')) {
    const [{ parse }, { Player }] = await Promise.all([
      import('./replay.js'),
      import('./player.js'),
    ]);
    const player = new Player(app, parse(new TextDecoder().decode(bytes)));
    dialog.close();
    return player.open();
  }
  app.place.recording?.spoil();
  await app.place.redis.restore(bytes);
  app.panes.active.print(t('share.loaded', { name: file.name }), 'note');
  app.changed();
}

/**
 * @param {App} app
 * @param {HTMLDialogElement} dialog
 */
async function anew(app, dialog) {
  await app.place?.redis.reset();
  dialog.close();
  app.anew();
}

/**
 * Lets one choose between the server that the page came from and one of its own.
 *
 * @param {App} app
 * @param {() => Promise<import('./place.js').Place>} own
 * @returns {Promise<boolean>} whether the page is at that server now
 */
export async function places(app, own) {
  const answer = await fetch('./server.json').catch(() => undefined);
  if (!answer?.ok || !/json/.test(answer.headers.get('content-type') ?? '')) return false;
  const { websocket } = await answer.json();
  if (!websocket) return false;
  const url = `ws://${location.hostname}:${websocket}`;
  const select = /** @type {HTMLSelectElement} */ (h('select', { 'aria-label': t('place.label') }));
  select.append(
    h('option', { value: 'remote' }, t('place.remote', { url })),
    h('option', { value: 'own' }, t('place.own')),
  );
  find('#place').append(select);
  const go = async (/** @type {string} */ where) => {
    const lost = () => app.panes.active.print(t('place.lost', { url }), 'error');
    await app.move(where === 'remote' ? await RemotePlace.connect(url, lost) : await own());
  };
  select.addEventListener('change', () => void go(select.value));
  try {
    await go('remote');
    return true;
  } catch {
    select.value = 'own';
    return false;
  }
}
