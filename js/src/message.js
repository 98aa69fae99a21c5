/**
 * What an error says. It may come from another realm than ours, as the system's do under Jest.
 *
 * @module
 */

/**
 * @param {any} error
 * @returns {string}
 */
export function messageOf(error) {
  return String(error?.message || error);
}
