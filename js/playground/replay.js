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

/** @typedef {import('./main.js').App} App */

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
  return { seed, steps };
}

/**
 * Does the steps, at a server as new of that seed. Its clock stands at the time of each, and runs
 * on from the last.
 *
 * @param {App} app
 * @param {readonly Step[]} steps
 * @param {() => unknown} kept is called behind each
 */
export async function play(app, steps, kept) {
  const place = /** @type {import('./place.js').Place} */ (app.place);
  await place.clock.freeze();
  for (const { client, line, time } of steps) {
    await place.clock.set(time / 1000);
    while (app.panes.all.length <= client && !app.panes.full) app.panes.add();
    const pane = app.panes.all[client] ?? app.panes.active;
    if (line === '') await pane.interrupt();
    else {
      // When it was sent, what came before it had been answered.
      await pane.ready();
      app.panes.activate(pane);
      pane.run(line);
    }
    await kept();
  }
  await place.clock.run();
}
