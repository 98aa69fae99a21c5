/**
 * Plays transcripts against an engine in this process.
 *
 * @module
 */

import { format, parseReply } from '../../src/cli/reply.js';
import { request } from '../../src/cli/request.js';
import { latin1 } from '../../src/sds.js';
import { difference } from '../../playground/learn/transcript.js';

/** @typedef {import('../../playground/learn/transcript.js').Step} Step */
/** @typedef {import('../../playground/learn/transcript.js').Transcript} Transcript */
/** @typedef {import('../../src/redlet.js').Redlet} Redlet */

/**
 * A hand-turned clock, in milliseconds.
 *
 * @typedef {{ ms: number }} Hands
 */

/**
 * What an engine is opened with, to behave as in every other runner.
 *
 * @param {Hands} hands
 * @param {Record<string, string>} [config] of the transcript
 */
export function playOptions(hands, config) {
  return {
    seed: new Uint8Array(32),
    config: {
      'enable-debug-command': 'yes',
      // The default of redis-server, which this package changes.
      save: '3600 1 300 100 60 10000',
      ...config,
    },
    now: () => hands.ms,
    onsave: () => {},
  };
}

/** When every session begins, in milliseconds. */
export const EPOCH = 1_700_000_000_000;

/** How long a reply that must come may take. */
const PATIENCE_MS = 20_000;

/** Plays one transcript. */
export class Player {
  #redis;
  #hands;
  /** @type {Map<string, import('../../src/connection.js').Connection>} */
  #clients = new Map();
  /** @type {Map<string, string>} what has come for a client, and is not yet expected */
  #pending = new Map();
  /** @type {Map<string, string>} what CLIENT ID answered, by $A, $B and so on */
  #ids = new Map();
  #arrived = () => {};
  /** @type {string[]} the replies and messages that clients got, as redis-cli prints them */
  heard = [];

  /**
   * @param {Redlet} redis
   * @param {Hands} [hands] of the clock that the engine goes by
   */
  constructor(redis, hands = { ms: EPOCH }) {
    this.#redis = redis;
    this.#hands = hands;
  }

  /**
   * @param {Pick<Transcript, 'name' | 'steps'>} transcript
   * @param {string} version the server's
   * @returns {Promise<string>} what went wrong first; empty if nothing
   */
  async play(transcript, version) {
    const wrong = await this.run(transcript, version);
    if (wrong) return wrong;
    for (const [client, rest] of this.#pending) {
      if (rest)
        return `${transcript.name}: left over for client ${client}: ${JSON.stringify(rest)}`;
    }
    return '';
  }

  /**
   * Does what {@link play} does, for a part of a transcript: what is left over may be for the next.
   *
   * @param {Pick<Transcript, 'name' | 'steps'>} transcript
   * @param {string} version the server's
   * @returns {Promise<string>}
   */
  async run(transcript, version) {
    for (const step of transcript.steps) {
      if (step.kind === 'since') {
        if (!atLeast(version, step.version)) break;
        continue;
      }
      // What follows a lesson's solution and checks are tries of their own.
      if (step.kind === 'part' && step.word === 'wrong') break;
      if (step.kind === 'part') continue;
      const wrong = await this.#step(step);
      if (wrong) return `${transcript.name}:${step.line}: ${step.args.join(' ')}\n${wrong}`;
    }
    return '';
  }

  /** @param {Step} step */
  async #step(step) {
    if (step.kind === 'turn') {
      this.#hands.ms += step.ms;
      await this.#redis.clock.turn();
      return '';
    }
    if (step.kind === 'command') this.#send(step.client, request(this.#args(step)));
    await this.#redis.clock.turn();
    const lines = await this.#replies(step);
    if (step.args.join(' ').toUpperCase() === 'CLIENT ID') {
      this.#ids.set(`$${step.client}`, (lines[0] ?? '').replace('(integer) ', ''));
    }
    return difference(step, lines);
  }

  /**
   * A command's arguments with the ids of clients in place of $A, $B and so on.
   *
   * @param {Step} step
   */
  #args(step) {
    return step.args.map((arg) => this.#ids.get(arg) ?? arg);
  }

  /**
   * Takes at least as many replies as make the lines that a step wants; what else has come by then
   * belongs to it too.
   *
   * @param {Step} step
   */
  async #replies(step) {
    const wanted = step.want[0] === '(any order)' ? step.want.length - 1 : step.want.length;
    const deadline = performance.now() + PATIENCE_MS;
    /** @type {string[]} */
    const lines = [];
    for (;;) {
      const source = this.#pending.get(step.client) ?? '';
      const parsed = parseReply(source);
      if (parsed) {
        this.#pending.set(step.client, source.slice(parsed.end));
        this.heard.push(format(parsed.reply));
        lines.push(...String(this.heard.at(-1)).split('\n'));
      } else if (lines.length >= wanted || performance.now() > deadline) {
        return lines;
      } else {
        await this.#arrival();
      }
    }
  }

  /** Resolves when something has come, or after a while. */
  #arrival() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1000);
      this.#arrived = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  /**
   * @param {string} client
   * @param {Uint8Array} bytes
   */
  #send(client, bytes) {
    let connection = this.#clients.get(client);
    if (!connection) {
      const peer = { addr: '127.0.0.1:50000', laddr: '127.0.0.1:6379', fd: 8 };
      connection = this.#redis.engine.connect(
        {
          data: (memory, from, to) => {
            const output = latin1(memory.subarray(from, to));
            this.#pending.set(client, (this.#pending.get(client) ?? '') + output);
            this.#arrived();
          },
          end: () => this.#arrived(),
        },
        peer,
      );
      this.#clients.set(client, connection);
    }
    connection.write(bytes);
  }
}

/**
 * @param {string} have
 * @param {string} want
 */
function atLeast(have, want) {
  const mine = have.split('.').map(Number);
  for (const [i, part] of want.split('.').map(Number).entries()) {
    const own = mine[i] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
