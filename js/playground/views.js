/**
 * The ways in which a reply can be shown.
 *
 * @module
 */

import { csv, json } from '../src/cli/output.js';
import { isRaw } from '../src/cli/script.js';
import { find, h } from './dom.js';
import { table } from './table.js';
import { utf8 } from './text.js';
import { t } from './words.js';

/** @typedef {import('../src/cli/session.js').Exchange} Exchange */
/** @typedef {import('./pane.js').View} View */

/** Lets one choose how all replies are shown. @param {import('./main.js').App} app */
export function views(app) {
  const label = t('view.label');
  const select = /** @type {HTMLSelectElement} */ (
    h('select', { id: 'view', 'aria-label': label, title: label })
  );
  const names = { cli: 'redis-cli', json: 'JSON', csv: 'CSV', table: t('view.table') };
  for (const [view, name] of Object.entries(names))
    select.append(h('option', { value: view }, name));
  select.addEventListener('change', () => app.panes.view(/** @type {View} */ (select.value)));
  app.shown = shown;
  find('#wire').before(select);
}

/**
 * Shows a reply otherwise than redis-cli does in a terminal.
 *
 * @param {Exchange} exchange
 * @param {View} view
 * @returns {string | Node | undefined} nothing where it is shown as there
 */
function shown({ words = [], reply }, view) {
  // Programs get these texts as they are, too.
  const plain = isRaw(words) && '$='.includes(reply.kind);
  if (view === 'json' && !plain) return utf8(json(reply));
  if (view === 'csv' && !plain) return utf8(csv(reply));
  const found = view === 'table' ? table(words, reply) : undefined;
  return found && drawn(found);
}

/** @param {import('./table.js').Table} found */
function drawn({ head, rows }) {
  const cells = (/** @type {string} */ tag, /** @type {string[]} */ texts) =>
    texts.map((text) => h(tag, { scope: tag === 'th' ? 'col' : undefined }, text));
  return h(
    'div.table',
    { tabindex: 0, role: 'region', 'aria-label': head.join(', ') },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, cells('th', head))),
      h(
        'tbody',
        {},
        rows.map((row) => h('tr', {}, cells('td', row))),
      ),
    ),
  );
}
