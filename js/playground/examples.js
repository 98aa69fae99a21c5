/**
 * The examples that help shows: the transcript `examples.txt`, which is played on every host.
 *
 * @module
 */

import { splitArgs, toBinary } from '../src/sds.js';

/**
 * @typedef {object} Example
 * @property {string} title
 * @property {{ line: string, reply: string }[]} steps
 */

/** @type {Promise<Example[]> | undefined} */
let all;

/**
 * An example in which a command stands, up to the line behind it.
 *
 * @param {string} name in capitals, a subcommand behind its container
 * @returns {Promise<Example | undefined>}
 */
export async function exampleOf(name) {
  all ??= read();
  for (const { title, steps } of await all) {
    const at = steps.findLastIndex(({ line }) => {
      const words = splitArgs(toBinary(line)).slice(0, name.split(' ').length);
      return words.join(' ').toUpperCase() === name;
    });
    if (at >= 0) return { title, steps: steps.slice(0, at + 2) };
  }
  return undefined;
}

/** @typedef {'cluster' | 'others' | 'grave' | 'modules' | 'varies' | 'tests'} Reason */

/** What has no example, and why. @type {[Reason, RegExp][]} */
const WITHOUT = [
  ['cluster', /^(CLUSTER(?! HELP)|READONLY|READWRITE|ASKING)\b/],
  ['others', /^(MIGRATE|FAILOVER|REPLICAOF|SLAVEOF|REPLCONF|P?SYNC)$/],
  ['grave', /^(FLUSHDB|FLUSHALL|SHUTDOWN|QUIT|SCRIPT FLUSH|FUNCTION FLUSH)$/],
  ['modules', /^MODULE (LOAD|LOADEX|UNLOAD)$/],
  ['varies', /^(VLINKS|LATENCY GRAPH)$/],
  ['tests', /^(SCRIPT )?DEBUG$/],
];

/**
 * Why a command has no example: a reason that the page has a sentence for (`help.cluster`), or
 * `alone` where none is needed, as the command wants no arguments and is run as it stands.
 *
 * @param {Pick<import('../src/cli/commands.js').Command, 'name' | 'syntax'>} command
 */
export function whyNone({ name, syntax }) {
  const [why] = WITHOUT.find(([, names]) => names.test(name)) ?? [];
  return why ?? (/^(\[.*)?$/.test(syntax) ? 'alone' : undefined);
}

async function read() {
  const response = await fetch(new URL('./examples.txt', import.meta.url)).catch(() => undefined);
  return response?.ok ? parse(await response.text()) : [];
}

/**
 * Reads the transcript. What its pattern leaves open is shown as an ellipsis.
 *
 * @param {string} text
 */
function parse(text) {
  /** @type {Example[]} */
  const found = [];
  for (const line of text.split('\n')) {
    const last = found.at(-1);
    if (line.startsWith('# ')) found.push({ title: line.slice(2), steps: [] });
    else if (line.startsWith('> ')) last?.steps.push({ line: line.slice(2), reply: '' });
    else if (line !== '' && line !== '(any order)') {
      const step = last?.steps.at(-1);
      const shown = line.startsWith('~ ') ? line.slice(2).replace(/\*|\{.*?\}/g, '…') : line;
      if (step) step.reply += step.reply === '' ? shown : `\n${shown}`;
    }
  }
  return found;
}
