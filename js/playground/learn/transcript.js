/**
 * Transcripts of core/testdata, whose notation core/coretest describes. Bytes are held in strings
 * of as many characters, each below 256.
 *
 * @module
 */

import { splitArgs } from '../../src/sds.js';

/**
 * @typedef {object} Step
 * @property {'command' | 'receive' | 'turn' | 'since'} kind
 * @property {number} line where it stands, from 1
 * @property {string} client A, B …
 * @property {string[]} args of a command
 * @property {number} ms of a turn
 * @property {string} version of a since
 * @property {string[]} want the lines of the reply
 */

/** @typedef {{ name: string, steps: Step[] }} Transcript */

/**
 * @param {string} name
 * @param {string} text
 * @returns {Transcript}
 */
export function parseTranscript(name, text) {
  /** @type {Step[]} */
  const steps = [];
  text.split('\n').forEach((line, i) => {
    const step = parseStep(line, i + 1);
    const last = steps.at(-1);
    if (step) steps.push(step);
    else if (line === '' || line === '#' || line.startsWith('# ')) return;
    else if (last && (last.kind === 'command' || last.kind === 'receive')) last.want.push(line);
    else throw new SyntaxError(`${name}:${i + 1}: a reply without a command: ${line}`);
  });
  return { name, steps };
}

/**
 * @param {string} text a line
 * @param {number} line its number
 * @returns {Step | undefined}
 */
function parseStep(text, line) {
  const named = /^([B-Z])[<>]/.exec(text);
  const client = named?.[1] ?? 'A';
  const rest = named ? text.slice(1) : text;
  /** @type {Step} */
  const step = { kind: 'command', line, client, args: [], ms: 0, version: '', want: [] };
  if (rest.startsWith('> ')) return { ...step, args: words(rest.slice(2)) };
  if ((rest === '<' && named) || text === 'A<') return { ...step, kind: 'receive' };
  if (text.startsWith('@ +')) return { ...step, kind: 'turn', ms: milliseconds(text.slice(3)) };
  if (text.startsWith('! since ')) return { ...step, kind: 'since', version: text.slice(8) };
  return undefined;
}

/** @param {string} line */
function words(line) {
  const found = splitArgs(line);
  if (found.length === 0) throw new SyntaxError(`nothing to send: ${line}`);
  return found;
}

/** @type {Record<string, number>} */
const UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000001 };

/** @param {string} duration as Go writes it: 1m30s, 1.5s, 20ms */
function milliseconds(duration) {
  let ms = 0;
  const rest = duration.replace(/(\d+(?:\.\d+)?)(h|ms|m|us|s|ns)/g, (_all, count, unit) => {
    ms += Number(count) * /** @type {number} */ (UNITS[unit]);
    return '';
  });
  if (rest !== '') throw new SyntaxError(`no duration: ${duration}`);
  return ms;
}

/**
 * Compares the lines of a reply with those that a step wants.
 *
 * @param {Step} step
 * @param {string[]} got
 * @returns {string} empty if they agree
 */
export function difference(step, got) {
  const anyOrder = step.want[0] === '(any order)';
  const want = anyOrder ? sorted(step.want.slice(1)) : step.want;
  const have = anyOrder ? sorted(got) : got;
  const same =
    want.length === have.length && want.every((line, i) => agrees(line, String(have[i])));
  return same ? '' : `got:\n\t${got.join('\n\t')}\nwant:\n\t${step.want.join('\n\t')}`;
}

/**
 * @param {string} want
 * @param {string} have
 */
function agrees(want, have) {
  if (want === have) return true;
  if (!want.startsWith('~ ')) return false;
  const parts = want.slice(2).split('*');
  const pattern = parts.map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('.*');
  return new RegExp(`^${pattern}$`, 's').test(have);
}

/**
 * Strips the numbers of a flat reply's elements and sorts them.
 *
 * @param {string[]} lines
 */
function sorted(lines) {
  return lines.map((line) => line.replace(/^ *\d+[)~#] /, '').replace(/^ +/, '')).sort();
}
