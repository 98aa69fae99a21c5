/**
 * Transcripts of core/testdata, whose notation core/coretest describes. Bytes are held in strings
 * of as many characters, each below 256.
 *
 * @module
 */

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
  if (rest.startsWith('> ')) return { ...step, args: split(rest.slice(2)) };
  if ((rest === '<' && named) || text === 'A<') return { ...step, kind: 'receive' };
  if (text.startsWith('@ +')) return { ...step, kind: 'turn', ms: milliseconds(text.slice(3)) };
  if (text.startsWith('! since ')) return { ...step, kind: 'since', version: text.slice(8) };
  return undefined;
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
 * Cuts a line into words, as redis-cli does.
 *
 * @param {string} line
 * @returns {string[]}
 */
export function split(line) {
  const words = [];
  for (let at = 0; ;) {
    while (at < line.length && isSpace(line[at])) at++;
    if (at === line.length) break;
    let word = '';
    while (at < line.length && !isSpace(line[at])) {
      const quote = line[at];
      if (quote !== '"' && quote !== "'") {
        word += line[at++];
        continue;
      }
      const [inside, end] = quoted(line, at + 1, quote);
      if (end < line.length && !isSpace(line[end])) throw new SyntaxError(`quotes: ${line}`);
      word += inside;
      at = end;
    }
    words.push(word);
  }
  if (words.length === 0) throw new SyntaxError(`nothing to send: ${line}`);
  return words;
}

/**
 * @param {string} line
 * @param {number} at behind the opening quote
 * @param {string} quote
 * @returns {[string, number]} what stands within, and where the line goes on behind the closing
 *   quote
 */
function quoted(line, at, quote) {
  /** @type {Record<string, string>} */
  const escapes = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
  let inside = '';
  for (; at < line.length; at++) {
    const char = /** @type {string} */ (line[at]);
    if (char === quote) return [inside, at + 1];
    const next = line[at + 1];
    if (char !== '\\' || next === undefined || (quote === "'" && next !== "'")) {
      inside += char;
      continue;
    }
    const hex = quote === '"' && /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4));
    if (hex) inside += String.fromCharCode(parseInt(/** @type {string} */ (hex[1]), 16));
    else inside += (quote === '"' && escapes[next]) || next;
    at += hex ? 3 : 1;
  }
  throw new SyntaxError(`unbalanced quotes: ${line}`);
}

/** @param {string | undefined} char */
function isSpace(char) {
  return char === ' ' || (char !== undefined && char >= '\t' && char <= '\r');
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
