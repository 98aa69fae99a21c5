/**
 * Replies as redis-cli prints them to a terminal.
 *
 * @module
 */

import { repr } from '../sds.js';

/**
 * @typedef {object} Reply
 * @property {string} kind the type byte
 * @property {string} text of everything that is no aggregate
 * @property {boolean} isNull
 * @property {Reply[]} items of an aggregate; of a map as key, value, key, value …
 */

/**
 * Reads the reply at the start of some bytes.
 *
 * @param {string} source
 * @param {number} [from]
 * @returns {{ reply: Reply, end: number } | undefined} nothing while it is incomplete
 */
export function parseReply(source, from = 0) {
  const lineEnd = source.indexOf('\r\n', from);
  if (lineEnd < 0) return undefined;
  const kind = source.charAt(from);
  const line = source.slice(from + 1, lineEnd);
  const reply = { kind, text: line, isNull: kind === '_', items: /** @type {Reply[]} */ ([]) };
  const end = lineEnd + 2;
  if ('+-:,(#_'.includes(kind) && kind !== '') return { reply, end };
  const count = Number(line);
  if (count < 0) return { reply: { ...reply, isNull: true }, end };
  if ('$=!'.includes(kind)) return parseBulk(reply, source, end, count);
  if ('*~>%'.includes(kind))
    return parseItems(reply, source, end, kind === '%' ? 2 * count : count);
  throw new SyntaxError(`no reply begins with ${JSON.stringify(source.slice(from, from + 80))}`);
}

/**
 * @param {Reply} reply
 * @param {string} source
 * @param {number} at
 * @param {number} size
 */
function parseBulk(reply, source, at, size) {
  const end = at + size + 2;
  if (source.length < end) return undefined;
  if (source.slice(end - 2, end) !== '\r\n') throw new SyntaxError('no line end behind a bulk');
  return {
    reply: { ...reply, text: source.slice(reply.kind === '=' ? at + 4 : at, end - 2) },
    end,
  };
}

/**
 * @param {Reply} reply
 * @param {string} source
 * @param {number} at
 * @param {number} count
 */
function parseItems(reply, source, at, count) {
  for (let i = 0; i < count; i++) {
    const item = parseReply(source, at);
    if (!item) return undefined;
    reply.items.push(item.reply);
    at = item.end;
  }
  return { reply, end: at };
}

/**
 * The reply in redis-cli's words, without the last line end.
 *
 * @param {Reply} reply
 * @param {string} [indent] of the lines behind the first
 * @returns {string}
 */
export function format(reply, indent = '') {
  if (reply.isNull) return '(nil)';
  switch (reply.kind) {
    case '-':
    case '!':
      return `(error) ${reply.text}`;
    case ':':
      return `(integer) ${reply.text}`;
    case ',':
      return `(double) ${reply.text}`;
    case '#':
      return reply.text === 't' ? '(true)' : '(false)';
    case '$':
      return repr(reply.text);
    case '*':
    case '~':
    case '>':
    case '%':
      return formatItems(reply, indent);
    default:
      return reply.text;
  }
}

/** @type {Record<string, [mark: string, empty: string]>} */
const AGGREGATES = {
  '*': [')', '(empty array)'],
  '~': ['~', '(empty set)'],
  '>': ['>', '(empty push)'],
  '%': ['#', '(empty hash)'],
};

/**
 * @param {Reply} reply
 * @param {string} indent
 */
function formatItems({ kind, items }, indent) {
  const [mark, empty] = /** @type {[string, string]} */ (AGGREGATES[kind]);
  if (items.length === 0) return empty;
  const step = kind === '%' ? 2 : 1;
  const width = String(items.length / step).length;
  const deeper = indent + ' '.repeat(width + 2);
  const lines = [];
  for (let i = 0; i < items.length; i += step) {
    const parts = items.slice(i, i + step).map((item) => format(item, deeper));
    // What is nested in a map begins on a line of its own.
    if (step === 2 && items[i + 1]?.items.length) parts[1] = `\n${deeper}${parts[1]}`;
    const number = String(i / step + 1).padStart(width);
    lines.push(`${i > 0 ? indent : ''}${number}${mark} ${parts.join(' => ')}`);
  }
  return lines.join('\n');
}

/**
 * The reply as redis-cli writes it where no terminal is: bare, an element a line.
 *
 * @param {Reply} reply
 * @returns {string}
 */
export function raw({ kind, text, isNull, items }) {
  if (isNull) return '';
  if (kind in AGGREGATES) return items.map(raw).join('\n');
  if (kind === '#') return text === 't' ? 'true' : 'false';
  return text;
}
