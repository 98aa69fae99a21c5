/**
 * Notes what is done at a server as new, so that it can be done again.
 *
 * @module
 */

/** How many commands are noted; of a longer session nothing is. */
const STEPS_MAX = 5000;

/**
 * @typedef {object} Noted
 * @property {number} client which, from 0
 * @property {readonly string[]} words none if the client was stopped
 * @property {Promise<number>} at the time of the server's clock, in microseconds
 */

export class Recording {
  /** @type {Noted[]} */
  #noted = [];
  #place;
  seed;
  /** When it began, by the server's clock, in microseconds. */
  begun = 0;
  /** Whether it tells all that was done. */
  whole = true;

  /**
   * @param {import('./place.js').Place} place
   * @param {string} seed of the server's chance
   */
  constructor(place, seed) {
    this.#place = place;
    this.seed = seed;
    void this.#time().then((time) => (this.begun = time));
  }

  /** Whether there is something that can be replayed. */
  get useful() {
    return this.whole && this.#noted.length > 0;
  }

  /**
   * Notes what a client sends now: the order for the time goes to the server with it, and the two
   * are carried out in one step, at one time.
   *
   * @param {number} client
   * @param {readonly string[]} words
   */
  note(client, words) {
    if (this.#noted.length >= STEPS_MAX) this.spoil();
    if (this.whole) this.#noted.push({ client, words, at: this.#time() });
  }

  /** Gives up: something was done that is no command of a client's. */
  spoil() {
    this.whole = false;
    this.#noted = [];
  }

  /** What was done, each with its time. */
  steps() {
    return Promise.all(
      this.#noted.map(async ({ client, words, at }) => ({ client, words, time: await at })),
    );
  }

  async #time() {
    const [time] = (await this.#place.order('clock')).split(' ');
    return Number(time);
  }
}
