/**
 * Options are checked by name and value, and arguments by value: what is misspelt must not pass for
 * what was meant.
 *
 * @module
 */

/**
 * What an option must be; undefined always passes.
 *
 * @typedef {(value: any) => boolean} Is
 */

const isNumber = (/** @type {unknown} */ value) =>
  typeof value === 'number' && !Number.isNaN(value);

const isTime = (/** @type {any} */ value) =>
  isNumber(value) || (typeof value === 'object' && isNumber(value?.getTime?.()));

/** @type {Record<'any' | 'boolean' | 'bytes' | 'clock' | 'commands' | 'count' | 'maps' | 'never' |
 *   'object' | 'resp' | 'seed' | 'string' | 'time' | 'toCall', [Is, string]>} */
export const kinds = {
  any: [() => true, ''],
  boolean: [(value) => typeof value === 'boolean', 'true or false'],
  bytes: [(value) => ArrayBuffer.isView(value), 'a Uint8Array'],
  clock: [
    // A Date of another realm is one too.
    (value) => value === 'date' || isTime(value),
    "a valid Date, a number of milliseconds or 'date'",
  ],
  commands: [
    // Not of one command: its words would pass for commands, and their letters for arguments.
    (value) => Array.isArray(value) && value.every(Array.isArray),
    "an array of commands, each of which is one: [['GET', 'key']]",
  ],
  count: [(value) => isNumber(value) && value >= 0, 'a number, 0 or more'],
  maps: [(value) => value === 'map' || value === 'object', "'map' or 'object'"],
  never: [() => false, 'left out here'],
  object: [(value) => typeof value === 'object' && value !== null, 'an object'],
  resp: [(value) => value === 2 || value === 3, '2 or 3'],
  seed: [
    (value) => typeof value === 'string' || ArrayBuffer.isView(value),
    'a string or a Uint8Array',
  ],
  string: [(value) => typeof value === 'string', 'a string'],
  time: [isTime, 'a valid Date or a number of milliseconds'],
  toCall: [(value) => typeof value === 'function', 'a function'],
};

/**
 * Refuses options that are not known, and values that they cannot have.
 *
 * @param {string} where the function that takes them
 * @param {unknown} options
 * @param {Record<string, [Is, string]>} known
 */
export function checkOptions(where, options, known) {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`redlet: the options of ${where} are an object`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known).join(', ');
      throw new TypeError(`redlet: ${where} has no option '${name}', only ${names}`);
    }
    const kind = /** @type {[Is, string]} */ (known[name]);
    if (value !== undefined) checkValue(`the option ${name} of ${where}`, value, kind);
  }
}

/**
 * Refuses what cannot be.
 *
 * @param {string} what the value is, and of which function
 * @param {unknown} value
 * @param {[Is, string]} kind one of {@link kinds}
 */
export function checkValue(what, value, [is, must]) {
  if (is(value)) return;
  const given = typeof value === 'string' ? `'${value}'` : String(value);
  throw new TypeError(`redlet: ${what} must be ${must}, not ${given}`);
}
