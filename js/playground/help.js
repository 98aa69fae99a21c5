/**
 * Help on commands, to be clicked through.
 *
 * @module
 */

import { h } from './dom.js';
import { exampleOf } from './examples.js';
import { t } from './words.js';

/**
 * @param {import('../src/cli/commands.js').Commands} commands
 * @param {string[]} words
 * @returns {HTMLElement}
 */
export function help(commands, words) {
  const [first = ''] = words;
  if (first === '') {
    const groups = commands.groups().flatMap((group) => [tryIt(`help @${group}`), ' ']);
    return h('div.help', {}, h('p', {}, t('help.how')), h('p', {}, groups));
  }
  if (first.startsWith('@')) {
    const group = commands.group(first.slice(1));
    if (group.length === 0) return h('div.help', {}, t('help.noGroup', { name: first }));
    const items = group.map(({ name, summary }) =>
      h('li', {}, tryIt(`help ${name}`), ` ${summary}`),
    );
    return h('div.help', {}, h('ul', {}, items));
  }
  const command = commands.find(words);
  if (!command) return h('div.help', {}, t('help.none', { name: words.join(' ') }));
  return page(command);
}

/** @param {import('../src/cli/commands.js').Command} command */
function page({ name, syntax, summary, since, group, complexity }) {
  const facts = [
    [t('help.complexity'), complexity],
    [t('help.since'), since],
    [t('help.group'), tryIt(`help @${group}`)],
  ];
  const list = facts.flatMap(([term, fact]) =>
    fact ? [h('dt', {}, term), h('dd', {}, fact)] : [],
  );
  const examples = h('div.examples');
  void exampleOf(name).then((found) => found && examples.append(...example(found)));
  return h(
    'div.help',
    {},
    h('p.syntax', {}, `${name} ${syntax}`),
    h('p', {}, summary),
    h('dl', {}, list),
    examples,
  );
}

/**
 * What can be clicked line by line, with what is answered when it is.
 *
 * @param {import('./examples.js').Example} shown
 */
function example({ title, steps }) {
  const lines = steps.map(({ line, reply }) =>
    h('li', {}, tryIt(line), h('span.answer', {}, reply)),
  );
  return [h('p', {}, title), h('ol.steps', {}, lines)];
}

/** @param {string} line */
function tryIt(line) {
  return h('button.try', { type: 'button' }, line);
}
