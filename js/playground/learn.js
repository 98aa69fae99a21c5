/**
 * Puts the course beside the terminal.
 *
 * @module
 */

import { find, h } from './dom.js';
import { lessonIn } from './learn/course.js';
import './learn/panel.js';

/**
 * @param {import('./host.js').Host} host
 * @param {import('./keys.js').Keys} keys look at what a lesson is about
 */
export function learn(host, keys) {
  const panel = /** @type {import('./learn/panel.js').LearnPanel} */ (h('redlet-learn'));
  panel.host = host;
  panel.addEventListener('redlet-lesson', (event) => {
    const { key = '', type } = /** @type {CustomEvent} */ (event).detail?.picture ?? {};
    if (key === '') keys.choose();
    else keys.choose(new TextEncoder().encode(key), type === 'bitmap' ? 'bits' : undefined);
  });
  const section = find('#learn');
  const tab = find('button[data-tab="learn"]');
  section.append(panel);
  section.hidden = tab.hidden = false;
  if (lessonIn(location.hash) !== '') tab.click();
}
