/**
 * Commands as methods, for those who want their signatures: `commands(redis).set('k', 'v')`.
 *
 * @module
 */

/** @typedef {import('./commands.gen.js').Commands} Commands */

/**
 * Gives a client, or an engine's shared connection, a method for each command. A container's
 * command has its words in one name: `configGet` is CONFIG GET, `clientNoEvict` CLIENT NO-EVICT.
 *
 * @param {{ call: (args: any, options?: any) => Promise<any> }} client
 * @param {import('./client.js').CallOptions} [options] for each call
 * @returns {Commands}
 * @example
 * const redlet = commands(await open());
 * await redlet.set('greeting', 'hello', 'EX', 60);
 */
export function commands(client, options) {
  /** @type {Record<string, Function>} */
  const methods = {};
  const get = (/** @type {unknown} */ _, /** @type {string | symbol} */ name) => {
    // A promise that resolves to it asks whether it is one.
    if (typeof name !== 'string' || name === 'then') return undefined;
    return (methods[name] ??= (/** @type {unknown[]} */ ...args) =>
      client.call([...words(name), ...args], options));
  };
  return /** @type {any} */ (new Proxy(Object.freeze(Object.create(null)), { get }));
}

/** @param {string} method */
function words(method) {
  const [name = '', ...rest] = method.split(/(?=[A-Z])/);
  const parts = rest.length > 0 ? [name, rest.join('-')] : [name];
  return parts.map((part) => part.toUpperCase());
}
