/**
 * One command to a server that runs, as redis-cli sends it.
 *
 * @module
 */

import { connect } from 'node:net';
import { parseArgs } from 'node:util';

import { format, parseReply, raw } from '../cli/reply.js';
import { request } from '../cli/request.js';
import { latin1, toBinary } from '../sds.js';

/** @typedef {import('../cli/reply.js').Reply} Reply */

/** How long a health check waits for the server. */
const PING_MS = 5000;

const OPTIONS = /** @type {const} */ ({
  host: { type: 'string', short: 'h', default: '127.0.0.1' },
  port: { type: 'string', short: 'p', default: '6379' },
  socket: { type: 'string', short: 's' },
  pass: { type: 'string', short: 'a' },
  db: { type: 'string', short: 'n' },
});

/**
 * Sends a command and prints its reply.
 *
 * @param {'ping' | 'cli'} what
 * @param {string[]} args options, and for `cli` the command
 * @returns {Promise<number>} the exit code: 0, if `ping` was answered by PONG, or `cli` by anything
 */
export async function ask(what, args) {
  const cut = what === 'cli' ? wordsAt(args) : args.length;
  const { values } = parseArgs({ args: args.slice(0, cut), options: OPTIONS });
  const words = what === 'cli' ? args.slice(cut) : ['PING'];
  if (words.length === 0) throw new Error('cli: what command? See redlet --help');
  const { socket: path, host, port, db, pass = process.env.REDISCLI_AUTH } = values;
  const before = [...(pass ? [['AUTH', pass]] : []), ...(db ? [['SELECT', db]] : [])];
  const socket = connect(path ? { path } : { host, port: Number(port) });
  if (what === 'ping')
    socket.setTimeout(PING_MS, () => socket.destroy(new Error('no answer in time')));
  try {
    const reply = await answer(socket, [...before, words]);
    console.log(process.stdout.isTTY ? format(reply) : utf8(raw(reply)));
    return what === 'cli' || reply.text === 'PONG' ? 0 : 1;
  } finally {
    socket.destroy();
  }
}

/**
 * Where the command begins: behind the options, each of which has a value.
 *
 * @param {string[]} args
 */
function wordsAt(args) {
  let at = 0;
  while (args[at]?.startsWith('-')) at += /^--.*=|^-[^-]./.test(String(args[at])) ? 1 : 2;
  return Math.min(at, args.length);
}

/**
 * @param {import('node:net').Socket} socket
 * @param {string[][]} commands
 * @returns {Promise<Reply>} that of the last, or of the first that is refused
 */
async function answer(socket, commands) {
  for (const words of commands) socket.write(request(words.map(toBinary)));
  let text = '';
  let left = commands.length;
  for await (const bytes of socket) {
    text += latin1(bytes);
    for (let parsed; (parsed = parseReply(text));) {
      text = text.slice(parsed.end);
      if (--left === 0 || parsed.reply.kind === '-') return parsed.reply;
    }
  }
  throw new Error('the server closed the connection');
}

/** @param {string} binary */
function utf8(binary) {
  return Buffer.from(binary, 'latin1').toString();
}
