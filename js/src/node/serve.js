/**
 * The engine as a server process.
 *
 * @module
 */

import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { connectNodes, joinNodes, nodeConfig } from './cluster.js';
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

/** How many nodes a cluster may have. */
const CLUSTER_MAX = 100;

/**
 * Serves until it is told to stop; then the process ends.
 *
 * @param {readonly Directive[]} directives
 * @param {string | undefined} file the configuration file
 */
export async function serve(directives, file) {
  const { cluster, replicas, isApart, rest } = takeCluster(directives);
  const given = { ...DEFAULTS, ...parametersOf(rest) };
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
  const pidfile = value(values, 'pidfile');
  const all = cluster === 0 ? [values] : valuesOfNodes(values, cluster, replicas);
  let running = all.length;
  const ended = () => {
    if (--running > 0) return; // the others of the cluster go on without it
    if (pidfile) rmSync(pidfile, { force: true });
    log('warning', 'Redis is now ready to exit, bye bye...');
    process.exit(0);
  };
  const nodes = await Promise.all(all.map((own) => opened(own, rest, log, ended)));
  const doors = await Promise.all(nodes.map((node, i) => listen(node, all[i] ?? values, log)));
  const host = value(values, 'cluster-announce-ip') || '127.0.0.1';
  const addresses = all.map((own) => ({ host, port: Number(own.port) }));
  if (cluster > 0) connectNodes(nodes, addresses);
  if (cluster > 0 && !isApart) await joinNodes(nodes, addresses, replicas);
  for (const kind of new Set(doors.flat())) log('notice', `Ready to accept connections ${kind}`);
  if (pidfile) writeFileSync(pidfile, `${process.pid}\n`);
  /** @param {'sigint' | 'sigterm'} signal */
  const stop = (signal) => {
    for (const { engine } of nodes) if (!engine.over) engine.stop(signal);
  };
  process.on('SIGINT', () => stop('sigint'));
  process.on('SIGTERM', () => stop('sigterm'));
}

/**
 * Takes the parameters off that only redlet has: how many nodes of a cluster are served, 0 for
 * none, how many of them follow each master, and whether they are yet to meet.
 *
 * @param {readonly Directive[]} directives
 */
function takeCluster(directives) {
  let [cluster, replicas, isApart] = [0, 0, false];
  const rest = directives.filter((directive) => {
    if (directive.name === 'cluster') cluster = count(directive, 1);
    else if (directive.name === 'cluster-replicas') replicas = count(directive, 0);
    else if (directive.name === 'cluster-create') isApart = !isYes(directive);
    else return true;
    return false;
  });
  return { cluster, replicas, isApart, rest };
}

/** @param {Directive} directive */
function only(directive) {
  const { args } = directive;
  if (args.length !== 1) throw refused(directive, 'wrong number of arguments');
  return args[0];
}

/** @param {Directive} directive */
function isYes(directive) {
  const word = only(directive);
  if (word === 'yes' || word === 'no') return word === 'yes';
  throw refused(directive, "argument must be 'yes' or 'no'");
}

/**
 * @param {Directive} directive
 * @param {number} least
 */
function count(directive, least) {
  const n = Number(only(directive));
  if (Number.isInteger(n) && n >= least && n <= CLUSTER_MAX) return n;
  throw refused(directive, `argument must be between ${least} and ${CLUSTER_MAX} inclusive`);
}

/**
 * The parameters of each node of a cluster, on the port and those behind it. The files of all but
 * the first stand in folders of their own.
 *
 * @param {Record<string, string>} values
 * @param {number} cluster how many there are
 * @param {number} replicas of each master
 */
function valuesOfNodes(values, cluster, replicas) {
  const first = Number(values.port);
  if (first === 0 || first + cluster - 1 > 65_535)
    throw new ConfigError(`A cluster of ${cluster} nodes needs as many ports: port is ${first}.`);
  if (cluster < replicas + 1)
    throw new ConfigError(
      `The cluster cannot be made: a master with ${replicas} replicas takes more than ` +
        `${cluster} nodes`,
    );
  const shared = /** @type {Record<string, string>} */ (nodeConfig(values));
  return Array.from({ length: cluster }, (_, i) => {
    if (i === 0) return shared;
    const port = String(first + i);
    const dir = join(value(values, 'dir'), `node-${port}`);
    mkdirSync(dir, { recursive: true });
    /** @type {Record<string, string>} */
    const own = { ...shared, port, dir };
    delete own.unixsocket;
    delete own['config-file']; // it is the first one's to rewrite
    return own;
  });
}

/**
 * @param {Record<string, string>} values
 * @param {readonly Directive[]} directives
 * @param {ReturnType<typeof logger>} log
 * @param {() => void} onshutdown
 */
async function opened(values, directives, log, onshutdown) {
  try {
    return await open({ config: values, stopwatch: true, onlog: log, onshutdown });
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
 * @returns {Promise<string[]>} how it can be reached
 */
async function listen(redis, values, log) {
  const port = Number(values.port);
  const heard = new Set();
  for (const name of port === 0 ? [] : String(values.bind).split(' ').filter(Boolean)) {
    const isOptional = name.startsWith('-');
    const address = name.slice(isOptional ? 1 : 0);
    const host = address === '*' ? '0.0.0.0' : address.replace(/^::\*$/, '::');
    try {
      await redis.listen({ port, host, ipv6Only: true });
      heard.add('tcp');
    } catch (error) {
      if (isOptional) continue;
      log('warning', `Could not create server TCP listening socket ${name}:${port}: ${why(error)}`);
      throw new ConfigError(`Failed listening on port ${port} (tcp), aborting.`);
    }
  }
  const path = value(values, 'unixsocket');
  if (path) {
    rmSync(path, { force: true });
    await redis.listen({ path });
    heard.add('unix');
  }
  return [...heard];
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
