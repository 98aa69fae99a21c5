/**
 * A prompt, as redis-cli's, on an engine of its own.
 *
 * @module
 */

import { createInterface } from 'node:readline';

import { Commands, remainder } from '../cli/commands.js';
import { Session, promptOf } from '../cli/session.js';
import { open } from '../node.js';
import { splitArgs, toBinary } from '../sds.js';

const WELCOME =
  'An empty Redis, which lives as long as this prompt. Tab completes; HELP SET explains SET.\n';

/**
 * Reads commands and prints replies until the input ends, or says QUIT or EXIT.
 *
 * @param {NodeJS.ReadableStream} input
 * @param {NodeJS.WritableStream} output
 * @returns {Promise<void>}
 */
export async function repl(input, output) {
  const redis = await open();
  const commands = await Commands.of(redis);
  const completer = (/** @type {string} */ line) => complete(commands, line);
  const lines = createInterface({ input, output, completer, terminal: true });
  const show = () => {
    lines.setPrompt(`${promptOf(session)} `);
    if (!session.busy) lines.prompt(true);
  };
  const print = (/** @type {string} */ text) => output.write(`\r\x1b[K${text}\n`);
  const session = new Session(redis, { print, changed: show });
  output.write(WELCOME);
  show();
  lines.on('SIGINT', () => {
    if (session.busy || session.subscriptions > 0 || session.monitoring) session.interrupt();
    else lines.close();
  });
  lines.on('line', (line) => {
    const words = wordsOf(line, print);
    const name = words[0]?.toLowerCase();
    if (name === 'quit' || name === 'exit') return lines.close();
    if (name === 'help') print(help(commands, words.slice(1)));
    else if (words.length > 0) return session.send(words);
    show();
  });
  await new Promise((resolve) => lines.once('close', () => resolve(undefined)));
  output.write('\n');
  await redis.close();
}

/**
 * @param {string} line
 * @param {(text: string) => void} print
 */
function wordsOf(line, print) {
  try {
    return splitArgs(toBinary(line));
  } catch (error) {
    print(/** @type {Error} */ (error).message);
    return [];
  }
}

/**
 * What a line may become, as readline asks for it: where one command is left, what it takes.
 *
 * @param {Commands} commands
 * @param {string} line
 * @returns {[string[], string]}
 */
export function complete(commands, line) {
  const names = commands.completions(line);
  if (names.length > 0) return [names.map((name) => `${name} `), line.trimStart()];
  const command = commands.find(line.trim().split(/\s+/));
  const rest = command && remainder(command, line);
  // Two of them, so that readline shows them and writes nothing.
  return rest ? [[rest, ''], ''] : [[], line];
}

/**
 * @param {Commands} commands
 * @param {string[]} words
 */
function help(commands, words) {
  const command = commands.find(words);
  if (!command) return 'HELP NAME tells what a command does; Tab shows the names there are.';
  const { name, syntax, summary, since } = command;
  return `${name} ${syntax}\n${summary} Since ${since}.`;
}
