/**
 * Help on commands, to be clicked through.
 *
 * @module
 */

import { splitArgs, toBinary } from '../src/sds.js';
import { h } from './dom.js';
import { exampleOf, whyNone } from './examples.js';
import { quoted } from './text.js';
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
    return h('div.help', {}, listed(group));
  }
  const command = commands.find(words);
  if (!command) return h('div.help', {}, t('help.none', { name: words.join(' ') }));
  return page(command, commands);
}

/**
 * @param {import('../src/cli/commands.js').Command} command
 * @param {import('../src/cli/commands.js').Commands} commands
 */
function page(command, commands) {
  const { name, syntax, summary, since, group, complexity } = command;
  const facts = [
    [t('help.complexity'), complexity],
    [t('help.since'), since],
    [t('help.group'), tryIt(`help @${group}`)],
  ];
  const list = facts.flatMap(([term, fact]) =>
    fact ? [h('dt', {}, term), h('dd', {}, fact)] : [],
  );
  const examples = h('div.examples');
  void exampleOf(name).then((found) =>
    examples.append(...(found ? example(found) : noExample(command))),
  );
  return h(
    'div.help',
    {},
    h('p.syntax', {}, `${name} ${syntax}`),
    h('p', {}, summary),
    h('dl', {}, list),
    listed(commands.subcommands(name)),
    examples,
  );
}

/** @param {import('../src/cli/commands.js').Command[]} commands whose pages are a click away */
function listed(commands) {
  const items = commands.map(({ name, summary }) =>
    h('li', {}, tryIt(`help ${name}`), ` ${summary}`),
  );
  return h('ul', {}, items);
}

/**
 * What stands for an example where there is none: the command by itself, or why not.
 *
 * @param {import('../src/cli/commands.js').Command} command
 */
function noExample(command) {
  const why = whyNone(command);
  if (why === undefined) return [];
  return [h('p', {}, why === 'alone' ? tryIt(command.name) : t(`help.${why}`))];
}

/** How far the example has come whose lines were clicked last. @type {Progress | undefined} */
let latest;

/**
 * @typedef {object} Progress
 * @property {HTMLElement} list
 * @property {number} done how many of its lines have been run
 */

/**
 * What can be clicked line by line, with what is answered when it is. A line needs those above it:
 * a click runs those too that have not been run, and begins anew, without the example's keys, where
 * another order would be answered otherwise.
 *
 * @param {import('./examples.js').Example} shown
 */
function example({ title, steps }) {
  const list = h('ol.steps');
  const run = (/** @type {number} */ at) => {
    const pane = /** @type {import('./pane.js').Pane} */ (list.closest('redlet-pane'));
    const goesOn = latest?.list === list && at >= latest.done;
    const first = goesOn ? (latest?.done ?? 0) : 0;
    if (!goesOn) for (const line of cleared(steps, pane.session)) pane.run(line);
    for (const { line } of steps.slice(first, at + 1)) pane.run(line);
    latest = { list, done: at + 1 };
    pane.focus();
  };
  for (const [at, { line, reply }] of steps.entries()) {
    const click = (/** @type {Event} */ event) => {
      event.stopPropagation(); // The log would run the line alone.
      run(at);
    };
    const step = h('button.try', { type: 'button', onclick: click }, line);
    list.append(h('li', {}, step, h('span.answer', {}, reply)));
  }
  return [h('p', {}, title), list];
}

/**
 * What makes an example's beginning.
 *
 * @param {import('./examples.js').Example['steps']} steps
 * @param {import('../src/cli/session.js').Session} [session] may be in a transaction, or subscribed
 */
function cleared(steps, session) {
  const words = steps.flatMap(({ line }) => splitArgs(toBinary(line)));
  const keys = [...new Set(words.filter((word) => word.startsWith('example:')))];
  return [
    ...(session?.inMulti ? ['DISCARD'] : []),
    ...(session?.subscriptions ? ['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'] : []),
    ...(keys.length > 0 ? [`DEL ${keys.map(quoted).join(' ')}`] : []),
  ];
}

/** @param {string} line */
function tryIt(line) {
  return h('button.try', { type: 'button' }, line);
}
