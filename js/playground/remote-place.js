/**
 * A place elsewhere: what its owner would see by orders, a client asks for there.
 *
 * @module
 */

import { Place } from './place.js';
import { connectTo } from './remote.js';

/** @typedef {import('../src/resp.js').Argument} Argument */

export class RemotePlace extends Place {
  #client;
  #db = -1;

  /** @param {import('../src/redlet.js').Redlet} redis */
  constructor(redis) {
    super(redis, 'remote');
    this.#client = redis.client({ resp: 3, bytes: true });
    this.clock = new RemoteClock(redis);
  }

  /**
   * @param {string} url
   * @param {() => void} onlost
   */
  static async connect(url, onlost) {
    const place = new RemotePlace(await connectTo(url, onlost));
    await place.#client.pipeline([
      ['CLIENT', 'SETNAME', 'redlet-page'],
      ['CLIENT', 'NO-TOUCH', 'ON'],
    ]);
    return place;
  }

  /**
   * @override
   * @param {number} db
   * @param {readonly (readonly Argument[])[]} commands
   * @returns {Promise<any[]>}
   */
  async look(db, commands) {
    if (db !== this.#db) await this.#client.call('SELECT', db);
    this.#db = db;
    return this.#client.pipeline(commands);
  }

  /** @override @param {string} sections */
  async info(sections) {
    const [text] = await this.look(Math.max(0, this.#db), [['INFO', ...sections.split(' ')]]);
    return new TextDecoder().decode(text);
  }

  /** @override */
  async kill() {
    const killer = this.redis.client({ resp: 2 });
    try {
      await killer.call('SCRIPT', 'KILL');
      return '';
    } catch (error) {
      const why = /** @type {Error} */ (error).message;
      return /UNKILLABLE/.test(why) ? why : '';
    } finally {
      killer.close();
    }
  }
}

/** The clock of a redlet elsewhere, turned by REDLET.CLOCK; another server's is the machine's. */
class RemoteClock {
  #clock;
  frozen = false;

  /** @param {import('../src/redlet.js').Redlet} redis */
  constructor(redis) {
    this.#clock = redis.clock;
  }

  get() {
    return this.#clock.get().catch(() => Date.now());
  }

  /** @param {number} ms */
  async advance(ms) {
    await this.#clock.advance(ms);
    return this.get();
  }

  /** @param {number} ms */
  async set(ms) {
    await this.#clock.set(ms);
    return this.get();
  }

  async freeze() {
    await this.#clock.freeze();
    this.frozen = true;
    return this.get();
  }

  async run() {
    await this.#clock.run();
    this.frozen = false;
    return this.get();
  }
}
