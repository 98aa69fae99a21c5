/**
 * Bytes as text that people read.
 *
 * @module
 */

const decoder = new TextDecoder();

/** @param {string} bytes as characters below 256 */
export function utf8(bytes) {
  return decoder.decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}
