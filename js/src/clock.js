/**
 * The engine's clock: every expiry, timeout and stream id goes by it.
 *
 * @module
 */

import { checkValue, kinds } from './options.js';

/** Turns the engine's clock, with the command REDLET.CLOCK. Times are in milliseconds. */
export class Clock {
  #client;
  #turn;

  /**
   * @param {import('./client.js').Client} client a connection of its own: nothing holds it up
   * @param {() => Promise<void>} turn
   */
  constructor(client, turn) {
    this.#client = client;
    this.#turn = turn;
  }

  /**
   * Moves the clock forward: what falls due on the way happens, in order.
   *
   * @param {number} ms
   * @returns {Promise<void>}
   */
  async advance(ms) {
    checkValue('what clock.advance() takes', ms, kinds.count);
    await this.#client.call('REDLET.CLOCK', 'ADVANCE', ms);
  }

  /**
   * Stops the clock where it is, or at a time.
   *
   * @param {number | Date} [at] milliseconds since the Unix epoch
   * @returns {Promise<void>}
   */
  async freeze(at) {
    if (at !== undefined) checkValue('what clock.freeze() takes', at, kinds.time);
    await this.#client.call('REDLET.CLOCK', 'FREEZE');
    if (at !== undefined) await this.set(at);
  }

  /**
   * Sets the clock; it goes on from there, or stands there if it is frozen.
   *
   * @param {number | Date} at milliseconds since the Unix epoch
   * @returns {Promise<void>}
   */
  async set(at) {
    checkValue('what clock.set() takes', at, kinds.time);
    await this.#client.call('REDLET.CLOCK', 'SET', Number(at));
  }

  /**
   * Lets a frozen clock run again, from where it stands.
   *
   * @returns {Promise<void>}
   */
  async run() {
    await this.#client.call('REDLET.CLOCK', 'RUN');
  }

  /**
   * What the clock shows.
   *
   * @returns {Promise<number>} milliseconds since the Unix epoch
   */
  async get() {
    return Number(await this.#client.call('REDLET.CLOCK', 'GET'));
  }

  /**
   * Lets the engine see at once that `now`, which it was opened with, tells another time; otherwise
   * it sees that with the next command, or when a timer fires.
   *
   * @returns {Promise<void>}
   */
  turn() {
    return this.#turn();
  }
}
