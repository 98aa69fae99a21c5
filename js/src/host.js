/**
 * Runs guests: steps the living one, turns its clock when it asks, and starts another when it dies.
 *
 * @module
 */

import { Guest } from './guest.js';

/**
 * Who hears from a host.
 *
 * @typedef {object} Listener
 * @property {(frames: Uint8Array) => void} output gets the frames that come out, lent for the call;
 *   must not call {@link Host.post}
 * @property {(why: string) => void} died the guest is dead and every connection lost; the next one
 *   is being started and awaits a CONFIGURE frame in its life, which is one more than the last
 * @property {(why: string) => void} failed no guest can be started; nothing works any more
 */

/**
 * What an engine needs of the guest, wherever it runs.
 *
 * @typedef {object} Transport
 * @property {(frames: Uint8Array<ArrayBuffer>, life: number) => void} post hands in frames, lent
 *   for the call
 * @property {() => Promise<void>} turn lets the guest see the time; resolves when it has
 * @property {(on: boolean) => void} hold whether the engine's timer keeps the process alive
 * @property {(ready: () => void) => Promise<(listener: Listener) => Transport>} fork copies the
 *   guest: `ready` is called when the time has come to post what the copy is to know. What it
 *   resolves to runs the copy
 * @property {() => void} close
 */

/** The longest delay that setTimeout takes, in milliseconds. */
const DELAY_MAX = 2 ** 31 - 1;

/** @implements {Transport} */
export class Host {
  #module;
  #now;
  #memoryMax;
  #listener;
  /** @type {Guest | undefined} */
  #guest;
  /** How many guests have been started; frames for an earlier one are dropped. */
  #life = 1;
  /** @type {Uint8Array[]} frames that came while the guest was starting */
  #early = [];
  /** @type {any} */
  #timer;
  /** When the timer fires, in microseconds. */
  #timerAt = Infinity;
  #held = false;
  #closed = false;

  /**
   * @param {WebAssembly.Module} module
   * @param {() => number} now milliseconds since the Unix epoch
   * @param {number | undefined} memoryMax how many bytes of memory a guest may take
   * @param {Listener} listener
   * @param {Guest | Promise<Guest>} [guest] by default a new one is started
   */
  constructor(module, now, memoryMax, listener, guest) {
    this.#module = module;
    this.#memoryMax = memoryMax;
    this.#now = now;
    this.#listener = listener;
    void this.#start(guest ?? Guest.start(module, memoryMax));
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} frames
   * @param {number} life
   */
  post(frames, life) {
    if (life !== this.#life || this.#closed) return;
    if (this.#guest) this.#step(frames);
    else this.#early.push(frames.slice());
  }

  turn() {
    this.#turn();
    return Promise.resolve();
  }

  /** @param {boolean} on */
  hold(on) {
    this.#held = on;
    if (on) this.#timer?.ref?.();
    else this.#timer?.unref?.();
  }

  /** @param {() => void} ready */
  async fork(ready) {
    const copy = await Guest.make(this.#module, this.#memoryMax);
    ready();
    if (!this.#guest) throw new Error('redlet: there is no engine to fork');
    copy.become(this.#guest.image());
    return (/** @type {Listener} */ listener) =>
      new Host(this.#module, this.#now, this.#memoryMax, listener, copy);
  }

  /**
   * What the guest is, for a host on another thread.
   *
   * @returns {{ module: WebAssembly.Module, image: import('./guest.js').Image } | undefined} lent
   *   until the next step
   */
  image() {
    return this.#guest && { module: this.#module, image: this.#guest.image() };
  }

  close() {
    this.#closed = true;
    this.#guest?.close();
    this.#guest = undefined;
    this.#early = [];
    this.#disarm();
  }

  /** @param {Guest | Promise<Guest>} starting */
  async #start(starting) {
    try {
      const guest = await starting;
      if (this.#closed) return guest.close();
      this.#guest = guest;
    } catch (error) {
      if (!this.#closed) this.#listener.failed(reason(error, ''));
      return;
    }
    const early = this.#early;
    this.#early = [];
    for (const frames of early) {
      if (this.#guest) this.#step(frames);
    }
  }

  /** @param {Uint8Array} frames */
  #step(frames) {
    const guest = /** @type {Guest} */ (this.#guest);
    const now = this.#now() * 1000;
    let output;
    try {
      output = guest.step(frames, now);
    } catch (error) {
      this.#die(reason(error, guest.lastWords));
      return;
    }
    this.#arm(guest.deadline, now);
    if (output.length > 0) this.#listener.output(output);
  }

  /** @param {string} why */
  #die(why) {
    this.#guest = undefined;
    this.#life++;
    this.#disarm();
    void this.#start(Guest.start(this.#module, this.#memoryMax));
    this.#listener.died(why);
  }

  /**
   * Sets the timer, unless one is set that fires no later: an early turn is harmless.
   *
   * @param {number} deadline
   * @param {number} now
   */
  #arm(deadline, now) {
    if (deadline >= this.#timerAt || this.#closed) return;
    this.#disarm();
    if (deadline === Infinity) return;
    const delay = Math.min(Math.max(0, Math.ceil((deadline - now) / 1000)), DELAY_MAX);
    this.#timerAt = deadline;
    this.#timer = delay === 0 ? soon(this.#fire) : setTimeout(this.#fire, delay);
    if (!this.#held) this.#timer?.unref?.();
  }

  #disarm() {
    if (this.#timerAt === Infinity) return;
    this.#timerAt = Infinity;
    clearTimeout(this.#timer);
    globalThis.clearImmediate?.(this.#timer);
    this.#timer = undefined;
  }

  #fire = () => {
    this.#timerAt = Infinity;
    this.#timer = undefined;
    this.#turn();
  };

  #turn() {
    if (this.#guest) this.#step(new Uint8Array(0));
  }
}

/**
 * Calls a function after what is ready has been read.
 *
 * @param {() => void} then
 * @returns {any}
 */
function soon(then) {
  return typeof setImmediate === 'function' ? setImmediate(then) : setTimeout(then, 0);
}

/**
 * @param {unknown} error
 * @param {string} lastWords
 */
function reason(error, lastWords) {
  const message = error instanceof Error ? error.message : String(error);
  return lastWords ? `${message}: ${lastWords.trim()}` : message;
}
