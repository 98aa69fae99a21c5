/**
 * The name of the method that `await using` calls, also where the runtime has none yet.
 *
 * @module
 */

/** @type {typeof Symbol.asyncDispose} */
export const asyncDispose =
  Symbol.asyncDispose ?? /** @type {any} */ (Symbol.for('Symbol.asyncDispose'));
