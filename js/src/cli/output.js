/**
 * Replies as redis-cli writes them for programs: JSON (`--json`) and CSV (`--csv`).
 *
 * @module
 */

import { repr } from '../sds.js';

/** @typedef {import('./reply.js').Reply} Reply */

/**
 * The reply as JSON, as bytes of characters below 256. In RESP3 maps are objects and scores are
 * numbers, which is why redis-cli asks for that protocol. An error is no JSON, there as here.
 *
 * @param {Reply} reply
 * @returns {string}
 */
export function json(reply) {
  const { kind, text, isNull, items } = reply;
  if (isNull) return 'null';
  switch (kind) {
    case '-':
    case '!':
      return `error:${jsonString(text)}`;
    case '*':
    case '~':
    case '>':
      return `[${items.map(json).join(',')}]`;
    case '%':
      return `{${pairs(items).join(',')}}`;
    default:
      return bare(reply) ?? jsonString(text);
  }
}

/** @param {Reply[]} items */
function pairs(items) {
  const all = [];
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, value] = /** @type {[Reply, Reply]} */ (items.slice(i, i + 2));
    // Whatever a key is, it stands between quotes.
    const name = json(key);
    all.push(`${name.startsWith('"') ? name : `"${name}"`}:${json(value)}`);
  }
  return all;
}

/** @type {Record<string, string>} */
const ESCAPES = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
Object.assign(ESCAPES, { '\b': '\\b', '\f': '\\f' });

/** @param {string} text whose bytes above the control characters stay as they are */
function jsonString(text) {
  let result = '"';
  for (const char of text) {
    const code = char.charCodeAt(0);
    result += ESCAPES[char] ?? (code < 32 ? `\\u${code.toString(16).padStart(4, '0')}` : char);
  }
  return `${result}"`;
}

/**
 * The reply as a line of CSV: what is nested is flat there.
 *
 * @param {Reply} reply
 * @returns {string}
 */
export function csv(reply) {
  const { kind, text, isNull, items } = reply;
  if (isNull) return 'NULL';
  switch (kind) {
    case '-':
    case '!':
      return `ERROR,${repr(text)}`;
    case '*':
    case '~':
    case '>':
    case '%':
      return items.map(csv).join(',');
    default:
      return bare(reply) ?? repr(text);
  }
}

/**
 * A number or boolean, which stands without quotes in both; nothing if the reply is none.
 *
 * @param {Reply} reply
 */
function bare({ kind, text }) {
  if (kind === '#') return text === 't' ? 'true' : 'false';
  return ':,('.includes(kind) ? text : undefined;
}
