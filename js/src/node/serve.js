/**
 * The engine as a server process.
 *
 * @module
 */

import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { ConfigError, parametersOf, refused } from './config.js';
import { messageOf } from '../message.js';
import { open } from '../node.js';

/** @typedef {import('./config.js').Directive} Directive */
/** @typedef {import('../engine.js').LogLevel} LogLevel */

const LEVELS = ['debug', 'verbose', 'notice', 'warning', 'nothing'];
const MARKS = '.-*#';
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** What redis-server does where nothing is configured. */
const DEFAULTS = { port: '6379', bind: '* -::*', save: '3600 1 300 100 60 10000' };

/**
 * Serves until it is told to stop; then the process ends.
 *
 * @param {readonly Directive[]} directives
 * @param {string | undefined} file the configuration file
 */
export async function serve(directives, file) {
  const given = { ...DEFAULTS, ...parametersOf(directives) };
  const values = {
    ...given,
    dir: resolve(/** @type {any} */ (given).dir ?? '.'),
    ...(file !== undefined && { 'config-file': resolve(file) }),
  };
  const log = logger(values);
  if (yes(values, 'daemonize')) throw new Error('daemonize: use a service manager, or `&`');
  if (Number(value(values, 'tls-port') || 0) !== 0) throw new Error('tls-port: there is no TLS');
  log('notice', 'redlet is starting');
  log('notice', `Redis version=8.0.2, bits=64, commit=00000000, modified=0, pid=${process.pid}`);
  const redis = await opened(values, directives, log);
  await listen(redis, values, log);
  const pidfile = value(values, 'pidfile');
  if (pidfile) writeFileSync(pidfile, `${process.pid}\n`);
  process.on('SIGINT', () => redis.engine.stop('sigint'));
  process.on('SIGTERM', () => redis.engine.stop('sigterm'));
}

/**
 * @param {Record<string, string>} values
 * @param {readonly Directive[]} directives
 * @param {ReturnType<typeof logger>} log
 */
async function opened(values, directives, log) {
  try {
    return await open({
      config: values,
      stopwatch: true,
      onlog: log,
      onshutdown() {
        const pidfile = value(values, 'pidfile');
        if (pidfile) rmSync(pidfile, { force: true });
        log('warning', 'Redis is now ready to exit, bye bye...');
        process.exit(0);
      },
    });
  } catch (error) {
    const message = messageOf(error);
    // What the engine refuses it names.
    const [, name, problem] = /parameter '(.*)': (.*)$/.exec(message) ?? [];
    const directive = directives.filter((one) => one.name === name).at(-1);
    throw directive ? refused(directive, problem) : new ConfigError(message);
  }
}

/**
 * @param {import('../node.js').NodeRedlet} redis
 * @param {Record<string, string>} values
 * @param {ReturnType<typeof logger>} log
 */
async function listen(redis, values, log) {
  const port = Number(values.port);
  let heard = 0;
  for (const name of port === 0 ? [] : String(values.bind).split(' ').filter(Boolean)) {
    const isOptional = name.startsWith('-');
    const address = name.slice(isOptional ? 1 : 0);
    const host = address === '*' ? '0.0.0.0' : address.replace(/^::\*$/, '::');
    try {
      await redis.listen({ port, host, ipv6Only: true });
      heard++;
    } catch (error) {
      if (isOptional) continue;
      log('warning', `Could not create server TCP listening socket ${name}:${port}: ${why(error)}`);
      throw new ConfigError(`Failed listening on port ${port} (tcp), aborting.`);
    }
  }
  if (heard > 0) log('notice', 'Ready to accept connections tcp');
  const path = value(values, 'unixsocket');
  if (!path) return;
  rmSync(path, { force: true });
  await redis.listen({ path });
  log('notice', 'Ready to accept connections unix');
}

/** @param {unknown} error */
function why(error) {
  return messageOf(error).replace(/^listen /, 'bind: ');
}

/**
 * Writes what a redis-server would write to its log.
 *
 * @param {Record<string, string>} values
 * @returns {(level: LogLevel, text: string) => void}
 */
function logger(values) {
  const least = LEVELS.indexOf(value(values, 'loglevel') || 'notice');
  const file = value(values, 'logfile');
  return (level, text) => {
    const at = LEVELS.indexOf(level);
    if (at < least) return;
    const line = `${process.pid}:M ${timestamp(new Date())} ${MARKS[at]} ${text}\n`;
    if (file) appendFileSync(file, line);
    else process.stdout.write(line);
  };
}

/** @param {Date} date */
function timestamp(date) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const day = `${two(date.getDate())} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/**
 * @param {Record<string, string>} values
 * @param {string} name
 */
function value(values, name) {
  return values[name] ?? '';
}

/**
 * @param {Record<string, string>} values
 * @param {string} name
 */
function yes(values, name) {
  return value(values, name).toLowerCase() === 'yes';
}
