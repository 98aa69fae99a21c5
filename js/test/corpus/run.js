/**
 * Runs the corpus in whatever runtime this is.
 *
 * @module
 */

import { EPOCH, Player, playOptions } from './player.js';
import { parseTranscript } from '../../playground/learn/transcript.js';

/**
 * @typedef {(options?: import('../../src/redlet.js').OpenOptions) =>
 *   Promise<import('../../src/redlet.js').Redlet>} Open
 */

/**
 * Plays transcripts, each on an engine of its own.
 *
 * @param {Open} open
 * @param {Record<string, string>} texts by name, a character for each byte
 * @param {{ handTurned?: boolean }} [options] whether the engine's clock can be turned by hand; if
 *   not, transcripts that turn it are left out
 * @returns {Promise<{ name: string, wrong: string }[]>}
 */
export async function runCorpus(open, texts, { handTurned = true } = {}) {
  const version = await serverVersion(open);
  const results = [];
  for (const [name, text] of Object.entries(texts)) {
    const transcript = parseTranscript(name, text);
    if (!handTurned && transcript.steps.some((step) => step.kind === 'turn')) continue;
    const hands = { ms: EPOCH };
    const { now, ...options } = playOptions(hands, transcript.config);
    const redis = await open(handTurned ? { now, ...options } : options);
    const wrong = await new Player(redis, hands).play(transcript, version);
    await redis.close();
    results.push({ name, wrong });
  }
  return results;
}

/** @param {Open} open */
async function serverVersion(open) {
  const redis = await open();
  const hello = /** @type {Map<string, unknown>} */ (await redis.call('HELLO', 3));
  await redis.close();
  return String(hello.get('version'));
}
