/**
 * Words, cut and quoted as Redis's functions sdssplitargs and sdscatrepr do: command lines of
 * redis-cli, its replies, redis.conf and transcripts are written so. Bytes are held in strings of
 * as many characters, each below 256.
 *
 * @module
 */

/** The control characters that have a letter of their own behind a backslash. */
const LETTERS = 'nrtab';
const CONTROLS = '\n\r\t\x07\b';

/**
 * Cuts a line into words.
 *
 * @param {string} line
 * @returns {string[]}
 * @throws {SyntaxError} where quotes do not close, or end within a word
 */
export function splitArgs(line) {
  const words = [];
  for (let at = 0; ;) {
    while (isSpace(line, at)) at++;
    if (isEnd(line, at)) return words;
    let word = '';
    while (!isEnd(line, at) && !' \t\n\r'.includes(line.charAt(at))) {
      const quote = line.charAt(at++);
      if (quote !== '"' && quote !== "'") {
        word += quote;
        continue;
      }
      const [inside, end] = quoted(line, at, quote);
      if (!isEnd(line, end) && !isSpace(line, end)) throw new SyntaxError('Invalid argument(s)');
      word += inside;
      at = end;
      break;
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
  let inside = '';
  for (let at = from; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === quote) return [inside, at + 1];
    const next = line.charAt(at + 1);
    if (char !== '\\' || next === '' || (quote === "'" && next !== "'")) {
      inside += char;
      continue;
    }
    const hex = quote === '"' && /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4));
    if (hex) inside += String.fromCharCode(parseInt(String(hex[1]), 16));
    else inside += (quote === '"' && CONTROLS[LETTERS.indexOf(next)]) || next;
    at += hex ? 3 : 1;
  }
  throw new SyntaxError('Invalid argument(s)');
}

/**
 * @param {string} line
 * @param {number} at
 */
function isSpace(line, at) {
  const char = line.charAt(at);
  return char === ' ' || (char >= '\t' && char <= '\r');
}

/**
 * A NUL ends a line as C has it.
 *
 * @param {string} line
 * @param {number} at
 */
function isEnd(line, at) {
  return at >= line.length || line[at] === '\0';
}

/**
 * Writes bytes between double quotes, what is not printable escaped: {@link splitArgs} reads it
 * back.
 *
 * @param {string} text
 */
export function repr(text) {
  let result = '"';
  for (const char of text) {
    const letter = LETTERS[CONTROLS.indexOf(char)];
    if (char === '\\' || char === '"') result += `\\${char}`;
    else if (letter) result += `\\${letter}`;
    else if (char < ' ' || char > '~')
      result += `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
    else result += char;
  }
  return `${result}"`;
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
