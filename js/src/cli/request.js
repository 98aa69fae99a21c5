/**
 * Requests as redis-cli sends them.
 *
 * @module
 */

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
