/**
 * The command line and the configuration files of a redis-server.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { latin1, repr, splitArgs, toBinary } from '../sds.js';
import { wording } from './files.js';

/** How deep files may include one another. */
const INCLUDE_MAX = 32;

/** The parameters whose value is made of all arguments. */
const SEVERAL = new Set([
  'bind',
  'save',
  'client-output-buffer-limit',
  'oom-score-adj-values',
  'latency-tracking-info-percentiles',
  'shutdown-on-sigint',
  'shutdown-on-sigterm',
  'replicaof',
  'slaveof',
]);
/** Those of which each line adds to those before. */
const ADDING = new Set(['save', 'client-output-buffer-limit']);

/** A configuration that cannot be obeyed; its message is what redis-server prints. */
export class ConfigError extends Error {}

/**
 * A line of a configuration, in characters that stand for bytes.
 *
 * @typedef {{ name: string, args: string[], line: number, text: string }} Directive
 */

/**
 * Reads a command line as redis-server does: a file first, if the first argument is no option; each
 * `--name` begins a line, and what follows are its arguments; a lone `-` at either end is standard
 * input.
 *
 * @param {readonly string[]} args
 * @returns {{ file: string | undefined, stdin: boolean, options: string }} options is configuration
 */
export function parseArguments(args) {
  const file = args[0]?.startsWith('-') === false ? args[0] : undefined;
  const rest = file === undefined ? args : args.slice(1);
  let stdin = false;
  let named = false; // an option that has no argument yet
  let options = '';
  rest.forEach((arg, i) => {
    const next = rest[i + 1];
    if (arg === '-' && (i === 0 || next === undefined)) {
      stdin = true;
    } else if (arg.startsWith('--') && !named) {
      options += `\n${toBinary(arg.slice(2))}`;
      named = splitArgs(arg.slice(2)).length === 1;
      if (arg !== '--save' || (next !== undefined && !next.startsWith('--'))) return;
      options += ' ""';
      named = false;
    } else {
      options += ` ${repr(toBinary(arg))}`;
      named = false;
    }
  });
  return { file, stdin, options };
}

/**
 * Reads the configuration that a command line asks for.
 *
 * @param {ReturnType<typeof parseArguments>} given
 * @returns {Directive[]}
 */
export function readConfig({ file, stdin, options }) {
  const text = (file === undefined ? '' : read(file)) + (stdin ? latin1(readFileSync(0)) : '');
  return parse(text + options, 0);
}

/** @param {string} path */
function read(path) {
  try {
    return latin1(readFileSync(path));
  } catch (error) {
    const why = wording(error).message;
    throw new ConfigError(`Fatal error, can't open config file '${resolve(path)}': ${why}`);
  }
}

/**
 * @param {string} text
 * @param {number} depth
 * @returns {Directive[]}
 */
function parse(text, depth) {
  return text.split('\n').flatMap((written, i) => {
    const line = written.trim();
    if (line === '' || line.startsWith('#')) return [];
    const directive = { name: '', args: /** @type {string[]} */ ([]), line: i + 1, text: line };
    try {
      const [name = '', ...args] = splitArgs(line);
      Object.assign(directive, { name: name.toLowerCase(), args });
    } catch {
      throw refused(directive, 'Unbalanced quotes in configuration line');
    }
    if (directive.name !== 'include') return [directive];
    if (directive.args.length !== 1 || depth === INCLUDE_MAX) throw refused(directive);
    return parse(read(String(directive.args[0])), depth + 1);
  });
}

/**
 * @param {Directive} directive
 * @param {string} [why]
 */
export function refused({ line, text }, why = 'Bad directive or wrong number of arguments') {
  return new ConfigError(
    '\n*** FATAL CONFIG FILE ERROR (Redis 8.0.2) ***\n' +
      `Reading the configuration file, at line ${line}\n>>> '${text}'\n${why}\n`,
  );
}

/**
 * The parameters that lines set, as `open` takes them.
 *
 * @param {readonly Directive[]} directives
 * @returns {Record<string, string>}
 */
export function parametersOf(directives) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const directive of directives) {
    const { name, args } = directive;
    if (name === 'config-file') throw refused(directive); // what the engine is told
    if (args.length === 0 && ADDING.has(name)) {
      values[name] ??= '';
      continue;
    }
    if (args.length === 0 ? name !== 'bind' : args.length > 1 && !SEVERAL.has(name))
      throw refused(directive, 'wrong number of arguments');
    const before = values[name];
    const value = args.map(utf8).join(' ');
    values[name] = ADDING.has(name) && before && value ? `${before} ${value}` : value;
  }
  return values;
}

/**
 * What bytes say.
 *
 * @param {string} binary
 */
function utf8(binary) {
  return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}
