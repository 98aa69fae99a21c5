/**
 * Replies of either protocol, as the older one gives them: lessons are written in that.
 *
 * @module
 */

/** @typedef {import('../../src/cli/reply.js').Reply} Reply */

/** @type {Record<string, string>} */
const KINDS = { '%': '*', '~': '*', '>': '*', ',': '$', '=': '$', '(': '$', '!': '-' };

/**
 * @param {Reply} reply
 * @returns {Reply} what it is in RESP2, as far as the reply itself tells
 */
export function resp2(reply) {
  const { kind, text } = reply;
  if (kind === '#') return { ...reply, kind: ':', text: text === 't' ? '1' : '0' };
  if (kind === '_') return { ...reply, kind: '$', isNull: true };
  return { ...reply, kind: KINDS[kind] ?? kind, items: reply.items.map(resp2) };
}
