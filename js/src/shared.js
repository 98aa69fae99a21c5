/**
 * What the connection that all calls share is not for: whatever would take in, or hold up, the
 * calls of others.
 *
 * @module
 */

import { BLOCKING } from './blocking.gen.js';

/** @typedef {import('./resp.js').Argument} Argument */

const TRANSACTION = ['MULTI', 'EXEC', 'DISCARD', 'WATCH', 'UNWATCH'];

/**
 * What a command does to a shared connection, by its name in capitals.
 *
 * @type {Map<string, 'blocks' | 'transaction'>}
 */
const special = new Map();
for (const name of BLOCKING) special.set(name, 'blocks');
for (const name of TRANSACTION) special.set(name, 'transaction');

/** The first letters of these commands, as bits: most others are told from them by that. */
let letters = 0;
for (const name of special.keys()) letters |= 1 << (name.charCodeAt(0) & 31);

/**
 * Says why a command must not run on the shared connection, if so.
 *
 * @param {readonly unknown[]} args
 * @returns {TypeError | undefined}
 */
export function checkShared(args) {
  const name = specialName(args);
  if (name === undefined) return undefined;
  if (special.get(name) === 'transaction') {
    return new TypeError(
      `redlet: call() refuses ${name}: all calls share one connection, and others would ` +
        `run within the transaction. Use transaction(), pipeline([['MULTI'], …, ['EXEC']]), or ` +
        `client() for a connection of its own`,
    );
  }
  return refuseBlocking('call()', name, args);
}

/**
 * Says why a pipeline would hold up the shared connection, or leave it within a transaction, if so.
 *
 * @param {readonly (readonly unknown[])[]} commands
 * @returns {TypeError | undefined}
 */
export function checkSharedPipeline(commands) {
  if (!Array.isArray(commands)) return undefined; // any client refuses it
  let within = false;
  for (const args of commands) {
    const name = specialName(args);
    if (name === undefined) continue;
    if (name === 'MULTI') within = true;
    else if (name === 'EXEC' || name === 'DISCARD') within = false;
    else if (name === 'WATCH') {
      return new TypeError(
        'redlet: pipeline() refuses WATCH: all calls share one connection. ' +
          'Use transaction(), or client() for a connection of its own',
      );
    } else if (!within && name !== 'UNWATCH') {
      const refusal = refuseBlocking('pipeline()', name, args);
      if (refusal) return refusal;
    }
  }
  if (!within) return undefined;
  return new TypeError(
    'redlet: a pipeline on the connection that all calls share must end its MULTI with EXEC or ' +
      'DISCARD. Use client() for a connection of its own',
  );
}

/**
 * @param {string} where
 * @param {string} name
 * @param {readonly unknown[]} args
 */
function refuseBlocking(where, name, args) {
  const reads = name === 'XREAD' || name === 'XREADGROUP';
  if (reads && !args.some((arg) => typeof arg === 'string' && /^block$/i.test(arg)))
    return undefined;
  return new TypeError(
    `redlet: ${where} refuses ${name}${reads ? ' with BLOCK' : ''}: all calls share one ` +
      `connection, and those behind it would wait too. Use client() for a connection of its own`,
  );
}

/**
 * @param {readonly unknown[]} args
 * @returns {string | undefined} in capitals, if the command is one of these
 */
function specialName(args) {
  const name = args[0];
  if (typeof name !== 'string')
    return ArrayBuffer.isView(name) ? specialName([text(name)]) : undefined;
  if (((letters >> (name.charCodeAt(0) & 31)) & 1) === 0) return undefined;
  const capitals = name.toUpperCase();
  return special.has(capitals) ? capitals : undefined;
}

/**
 * A name that was given as bytes.
 *
 * @param {ArrayBufferView} bytes
 */
function text(bytes) {
  return new TextDecoder().decode(bytes);
}
