/**
 * Bytes and times as text that people read.
 *
 * @module
 */

import { latin1, repr } from '../src/sds.js';

const decoder = new TextDecoder();
const strict = new TextDecoder('utf-8', { fatal: true });

/** @param {string} bytes as characters below 256 */
export function utf8(bytes) {
  return decoder.decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

/**
 * A key, or another word, as it is typed.
 *
 * @param {Uint8Array | string} key
 */
export function quoted(key) {
  const text = typeof key === 'string' ? key : latin1(key);
  if (/^[\w:.{}@/+-]+$/.test(text)) return text;
  const shown = show(key);
  return /^[\x21-\x7e\u00a1-\uffff]+$/.test(shown) && !/["'\\]/.test(shown) ? shown : repr(text);
}

/**
 * Shows bytes as text if they are text.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function show(value) {
  if (!(value instanceof Uint8Array)) return value instanceof Error ? '' : String(value ?? '');
  try {
    const text = strict.decode(value);
    if (!/(?![\t\n\r])\p{Cc}/u.test(text)) return text;
  } catch {
    // It is no text.
  }
  return repr(latin1(value)).slice(1, -1);
}

/**
 * A time to live for people.
 *
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 0) return '';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.floor(ms / 1000);
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}
