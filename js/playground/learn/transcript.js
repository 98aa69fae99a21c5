/**
 * Transcripts of core/testdata and lessons, which are transcripts with parts. Their notation
 * core/coretest describes. Bytes are held in strings of as many characters, each below 256.
 *
 * @module
 */

import { splitArgs } from '../../src/sds.js';

/**
 * @typedef {object} Step
 * @property {'command' | 'receive' | 'turn' | 'since' | 'part'} kind
 * @property {number} line where it stands, from 1
 * @property {string} client A, B …
 * @property {string[]} args of a command
 * @property {number} ms of a turn
 * @property {string} version of a since
 * @property {string} word of a part of a lesson: which
 * @property {string} text of a part: what stands behind its word
 * @property {string[]} want the lines of the reply; of a part `seen` too
 */

/**
 * @typedef {object} Transcript
 * @property {string} name
 * @property {Step[]} steps
 * @property {Record<string, string>} config what the server is started with besides
 */

/**
 * @param {string} name
 * @param {string} text
 * @returns {Transcript}
 */
export function parseTranscript(name, text) {
  /** @type {Step[]} */
  const steps = [];
  /** @type {Record<string, string>} */
  const config = {};
  text.split('\n').forEach((line, i) => {
    const setting = /^! config (\S+) (.*)$/.exec(line);
    if (setting) {
      config[String(setting[1])] = String(setting[2]);
      return;
    }
    const step = parseStep(line, i + 1);
    const last = steps.at(-1);
    if (step) steps.push(step);
    else if (line === '' || line === '#' || line.startsWith('# ')) return;
    else if (last && mayWant(last)) last.want.push(line);
    else throw new SyntaxError(`${name}:${i + 1}: a reply without a command: ${line}`);
  });
  return { name, steps, config };
}

/** @param {Step} step */
function mayWant({ kind, word }) {
  return kind === 'command' || kind === 'receive' || (kind === 'part' && word === 'seen');
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
  const step = {
    kind: 'command',
    line,
    client,
    args: [],
    ms: 0,
    version: '',
    word: '',
    text: '',
    want: [],
  };
  if (rest.startsWith('> ')) return { ...step, args: words(rest.slice(2)) };
  if ((rest === '<' && named) || text === 'A<') return { ...step, kind: 'receive' };
  if (text.startsWith('@ +')) return { ...step, kind: 'turn', ms: milliseconds(text.slice(3)) };
  if (text.startsWith('! since ')) return { ...step, kind: 'since', version: text.slice(8) };
  const part = /^= (\S+) ?(.*)$/.exec(text);
  if (part) return { ...step, kind: 'part', word: String(part[1]), text: String(part[2]) };
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
  /** @type {number[][]} */
  const ranges = [];
  const pattern = want
    .slice(2)
    .replace(/[\\^$.|?+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replace(/\\\{(-?\d+)\\\.\\\.(-?\d+)\\\}/g, (_all, low, high) => {
      ranges.push([Number(low), Number(high)]);
      return '(-?\\d+)';
    });
  const found = new RegExp(`^${pattern}$`, 's').exec(have);
  return (
    !!found &&
    ranges.every(([low = 0, high = 0], i) => {
      const number = Number(found[i + 1]);
      return low <= number && number <= high;
    })
  );
}

/**
 * Strips the numbers of a flat reply's elements and sorts them.
 *
 * @param {string[]} lines
 */
function sorted(lines) {
  return lines.map((line) => line.replace(/^ *\d+[)~#] /, '').replace(/^ +/, '')).sort();
}
