/**
 * The one timer of an engine.
 *
 * @module
 */

import { clearSoon, clearTimer, setSoon, setTimer } from './time.js';

/**
 * Calls a function once, after a time.
 *
 * @typedef {object} Alarm
 * @property {(ms: number) => void} set in place of what was set before
 * @property {() => void} clear
 * @property {(on: boolean) => void} hold whether it keeps the process alive
 */

/** The longest delay that setTimeout takes, in milliseconds. */
const DELAY_MAX = 2 ** 31 - 1;

/**
 * By the machine's timers. After 0 ms it rings when what is ready has been read, as long as it
 * keeps the process alive: setImmediate of Node, told not to, waits for something else to happen.
 *
 * @implements {Alarm}
 */
export class MachineAlarm {
  #ring;
  /** @type {any} */
  #timer;
  #soon = false;
  #held = false;

  /** @param {() => void} ring */
  constructor(ring) {
    this.#ring = () => {
      this.#timer = undefined;
      this.#soon = false;
      ring();
    };
  }

  /** @param {number} ms */
  set(ms) {
    this.clear();
    const soon = ms === 0 && this.#held ? setSoon : undefined;
    this.#soon = soon !== undefined;
    this.#timer = soon ? soon(this.#ring) : setTimer(this.#ring, Math.min(ms, DELAY_MAX));
    if (!this.#held) this.#timer?.unref?.();
  }

  clear() {
    if (this.#timer === undefined) return;
    (this.#soon ? clearSoon : clearTimer)?.(this.#timer);
    this.#timer = undefined;
    this.#soon = false;
  }

  /** @param {boolean} on */
  hold(on) {
    this.#held = on;
    if (on) this.#timer?.ref?.();
    else if (this.#soon) this.set(0);
    else this.#timer?.unref?.();
  }
}

/** How often a clock that others turn is looked at while something is due, in milliseconds. */
const LOOK_MS = 50;

/**
 * By the globals Date and setTimeout, whoever has replaced them. It rings when the setTimeout of
 * the moment says so. That one may be gone by then, or stand still while Date moves: so it also
 * looks at Date now and then, and rings when Date has come to the time, or gone back.
 *
 * @implements {Alarm}
 */
export class DateAlarm {
  #ring;
  #look;
  #until = 0;
  #since = 0;
  /** Takes back the timer that may be a fake one. */
  #cancel = () => {};

  /** @param {() => void} ring */
  constructor(ring) {
    this.#ring = ring;
    this.#look = new MachineAlarm(() => this.#see());
  }

  /** @param {number} ms */
  set(ms) {
    this.clear();
    this.#since = Date.now();
    this.#until = this.#since + ms;
    this.#look.set(Math.min(ms, LOOK_MS));
    const { setTimeout, clearTimeout } = globalThis;
    if (setTimeout === setTimer || ms === 0) return;
    const timer = /** @type {any} */ (setTimeout(() => this.#now(), Math.min(ms, DELAY_MAX)));
    timer?.unref?.();
    this.#cancel = () => clearTimeout(timer);
  }

  clear() {
    this.#look.clear();
    this.#cancel();
    this.#cancel = () => {};
  }

  /** @param {boolean} on */
  hold(on) {
    this.#look.hold(on);
  }

  #now() {
    this.clear();
    this.#ring();
  }

  #see() {
    const now = Date.now();
    if (now >= this.#until || now < this.#since) return this.#now();
    this.#since = now;
    this.#look.set(Math.min(this.#until - now, LOOK_MS));
  }
}
