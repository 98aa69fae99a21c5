/**
 * Words of a command line, as redis-cli cuts it. Bytes are held in strings of as many characters,
 * each below 256.
 *
 * @module
 */

/**
 * Cuts a line into words.
 *
 * @param {string} line
 * @returns {string[]}
 * @throws {SyntaxError} where quotes do not balance
 */
export function split(line) {
  const words = [];
  for (let at = 0; ;) {
    while (at < line.length && isSpace(line[at])) at++;
    if (at === line.length) return words;
    let word = '';
    while (at < line.length && !isSpace(line[at])) {
      const quote = line[at];
      if (quote !== '"' && quote !== "'") {
        word += line[at++];
        continue;
      }
      const [inside, end] = quoted(line, at + 1, quote);
      if (end < line.length && !isSpace(line[end])) throw new SyntaxError('Invalid argument(s)');
      word += inside;
      at = end;
    }
    words.push(word);
  }
}

/**
 * @param {string} line
 * @param {number} from behind the opening quote
 * @param {string} quote
 * @returns {[string, number]} what stands within, and where the line goes on behind the closing
 *   quote
 */
function quoted(line, from, quote) {
  /** @type {Record<string, string>} */
  const escapes = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
  let inside = '';
  for (let at = from; at < line.length; at++) {
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
  throw new SyntaxError('Invalid argument(s)');
}

/** @param {string | undefined} char */
function isSpace(char) {
  return char === ' ' || (char !== undefined && char >= '\t' && char <= '\r');
}

/**
 * The bytes of a text, one character each.
 *
 * @param {string} text
 */
export function toBinary(text) {
  return latin1(new TextEncoder().encode(text));
}

/**
 * Bytes as characters.
 *
 * @param {Uint8Array} bytes
 */
export function latin1(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/**
 * A command as clients send it.
 *
 * @param {readonly string[]} words
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function request(words) {
  const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return Uint8Array.from(`*${words.length}\r\n${parts.join('')}`, (char) => char.charCodeAt(0));
}
