/**
 * What was done at a server as new, as a text that does it again: the seed of its chance, and each
 * command with the client that sent it and the time of the server's clock at which it ran. Whoever
 * replays it has the same data, to the byte and the microsecond.
 *
 * The notation is a transcript's: `! seed`, `! time` and `! stop B`, `B> SPOP tags`, and between
 * two commands how much time has passed, as `\@ +1250us`.
 *
 * @module
 */

import { shown } from './learn/lesson.js';

/**
 * @typedef {object} Step
 * @property {number} client which, from 0
 * @property {string} line empty if the client was stopped
 * @property {number} time of the server's clock, in microseconds
 */

/** The letter of the first client. */
const FIRST = 65;

/**
 * What a recording has, as a text.
 *
 * @param {import('./record.js').Recording} recording
 * @returns {Promise<string>}
 */
export async function written(recording) {
  let before = recording.begun;
  const lines = [`! seed ${recording.seed}`, `! time ${before}`];
  for (const { client, words, time } of await recording.steps()) {
    if (time !== before) lines.push(`@ +${time - before}us`);
    before = time;
    const letter = String.fromCharCode(FIRST + client);
    if (words.length === 0) lines.push(`! stop ${letter}`);
    else lines.push(`${client === 0 ? '' : letter}> ${shown([...words])}`);
  }
  return lines.join('\n');
}

/**
 * @param {string} text
 * @returns {{ seed: string, steps: Step[] }}
 * @throws {SyntaxError} where it is none
 */
export function parse(text) {
  let [seed, time] = ['', 0];
  /** @type {Step[]} */
  const steps = [];
  for (const line of text.split('\n')) {
    const [, setting, value = ''] = /^! (seed|time|stop) (\S+)$/.exec(line) ?? [];
    const passed = /^@ \+(\d+)us$/.exec(line)?.[1];
    const [, letter, sent] = /^([A-Z]?)> (.+)$/.exec(line) ?? [];
    const step = (/** @type {string} */ who, /** @type {string} */ what) =>
      steps.push({ client: who.charCodeAt(0) - FIRST, line: what, time });
    if (setting === 'seed') seed = value;
    else if (setting === 'time') time = Number(value);
    else if (setting === 'stop') step(value, '');
    else if (passed) time += Number(passed);
    else if (sent) step(letter || 'A', sent);
    else throw new SyntaxError(`no step of a session: ${line}`);
  }
  if (seed === '') throw new SyntaxError('no session: its first line is no seed');
  return { seed, steps };
}
