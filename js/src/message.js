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

/** What a node of a cluster is told that looks for others where there are none. */
export const NO_NODES = 'there is no other node in this process';

/** Why CONFIG SET of a port and the like is refused here: they belong to whose process this is. */
export const NO_PORTS = 'there are no ports here';
