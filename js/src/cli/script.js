/**
 * Texts as they are pasted: from a terminal, from a document, from a file of commands.
 *
 * @module
 */

import { splitArgs, toBinary } from '../sds.js';

/** What stands before a command where somebody copied it from a terminal. */
const PROMPT =
  /^\s*(?:redis|redlet|not connected|[\w.-]+:\d+)(?:\[\d+\])?(?:\(TX\))?(?: \(\w+\))?(?: …)?> ?/i;

/**
 * The commands of a text, one a line. Prompts and comments are taken off; where there are prompts,
 * lines without one are replies, which are not run. A line whose quotes do not close goes on with
 * the next.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function commandLines(text) {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const prompted = lines.some((line) => PROMPT.test(line));
  /** @type {string[]} */
  const commands = [];
  let open = '';
  for (const line of lines) {
    if (open === '' && prompted && !PROMPT.test(line)) continue;
    const bare = open === '' ? line.replace(PROMPT, '').trim() : `${open}\n${line}`;
    if (open === '' && (bare === '' || bare.startsWith('#'))) continue;
    open = isWhole(bare) ? '' : bare;
    if (open === '') commands.push(bare);
  }
  return open === '' ? commands : [...commands, open];
}

/** @param {string} line whose quotes may be open */
function isWhole(line) {
  try {
    splitArgs(toBinary(line));
    return true;
  } catch {
    // A quote that closes within a word is wrong however the text goes on.
    return !/^(?:[^'"\\]|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*["'](?:[^"'\\]|\\.)*$/s.test(
      line,
    );
  }
}

/**
 * A line's words, and how often they are to be sent: `3 INCR x` counts three times.
 *
 * @param {string} line
 * @returns {{ words: string[], times: number }}
 * @throws {SyntaxError} where quotes do not close, or end within a word
 */
export function readLine(line) {
  const words = splitArgs(toBinary(line));
  const times = Number(words[0]);
  if (words.length < 2 || !/^[1-9]\d{0,5}$/.test(String(words[0]))) return { words, times: 1 };
  return { words: words.slice(1), times };
}

/** Commands whose text is shown as it is, in either protocol, as redis-cli does. */
const RAW = [
  /^info$/,
  /^lolwut$/,
  /^client (list|info)$/,
  /^cluster (nodes|info)$/,
  /^memory (doctor|malloc-stats)$/,
  /^latency (doctor|graph)$/,
  /^debug htstats/,
];

/**
 * Whether redis-cli prints the reply of a command without quotes.
 *
 * @param {readonly string[]} words
 */
export function isRaw(words) {
  const [name = '', sub = ''] = words.map((word) => word.toLowerCase());
  return RAW.some((raw) => raw.test(name) || raw.test(`${name} ${sub}`));
}
