/**
 * Runs guests: steps the living one, turns its clock when it asks, and starts another when it dies.
 *
 * @module
 */

import { DateAlarm, MachineAlarm } from './alarm.js';
import { Guest } from './guest.js';
import { messageOf } from './message.js';
import { now, untimely } from './time.js';

/**
 * Who hears from a host.
 *
 * @typedef {object} Listener
 * @property {(bytes: Uint8Array, from: number, to: number) => void} output gets the frames that
 *   come out, and where in the bytes they are, lent for the call; must not call {@link Host.post}
 * @property {(why: string) => void} died the guest is dead and every connection lost; the next one
 *   is being started and awaits a CONFIGURE frame in its life, which is one more than the last
 * @property {(why: string) => void} failed no guest can be started; nothing works any more
 */

/**
 * What an engine needs of the guest, wherever it runs.
 *
 * @typedef {object} Transport
 * @property {(bytes: Uint8Array<ArrayBuffer>, size: number, life: number) => void} post hands in
 *   frames, the first bytes of those that are lent for the call
 * @property {() => Promise<void>} turn lets the guest see the time; resolves when it has
 * @property {(on: boolean) => void} hold whether the engine's timer keeps the process alive
 * @property {(ready: () => void) => Promise<(listener: Listener) => Transport>} fork copies the
 *   guest: `ready` is called when the time has come to post what the copy is to know. What it
 *   resolves to runs the copy
 * @property {() => void} close
 */

/**
 * What a host goes by.
 *
 * @typedef {object} Pace
 * @property {number | Date | 'date'} [clock] 'date' follows Date and setTimeout, whoever has
 *   replaced them
 * @property {() => number} [now] milliseconds since the Unix epoch, in place of the machine's clock
 * @property {number} [memoryMax] how many bytes of memory a guest may take
 */

const nothing = new Uint8Array(0);

/** @implements {Transport} */
export class Host {
  #module;
  #now;
  #pace;
  #listener;
  /** @type {Guest | undefined} */
  #guest;
  /** How many guests have been started; frames for an earlier one are dropped. */
  #life = 1;
  /** @type {Uint8Array[]} frames that came while the guest was starting */
  #early = [];
  /** @type {import('./alarm.js').Alarm} */
  #alarm;
  /** Whether time runs evenly, so that an alarm that was set for earlier rings earlier. */
  #even;
  /** When the alarm rings, in microseconds. */
  #alarmAt = Infinity;
  #closed = false;

  /**
   * @param {WebAssembly.Module} module
   * @param {Pace} pace
   * @param {Listener} listener
   * @param {Guest | Promise<Guest>} [guest] by default a new one is started
   */
  constructor(module, pace, listener, guest) {
    const follows = pace.clock === 'date';
    if (untimely && !follows) throw new Error(untimely);
    this.#module = module;
    this.#pace = pace;
    this.#now = pace.now ?? (follows ? () => Date.now() : now);
    this.#alarm = follows ? new DateAlarm(this.#ring) : new MachineAlarm(this.#ring);
    this.#even = !follows && !pace.now;
    this.#listener = listener;
    void this.#start(guest ?? Guest.start(module, pace.memoryMax));
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {number} size
   * @param {number} life
   */
  post(bytes, size, life) {
    if (life !== this.#life || this.#closed) return;
    if (this.#guest) this.#step(bytes, size);
    else this.#early.push(bytes.slice(0, size));
  }

  turn() {
    this.#turn();
    return Promise.resolve();
  }

  /** @param {boolean} on */
  hold(on) {
    this.#alarm.hold(on);
  }

  /** @param {() => void} ready */
  async fork(ready) {
    const copy = await Guest.make(this.#module, this.#pace.memoryMax);
    ready();
    if (!this.#guest) throw new Error('redlet: there is no engine to fork');
    copy.become(this.#guest.image());
    return (/** @type {Listener} */ listener) => new Host(this.#module, this.#pace, listener, copy);
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
      if (this.#guest) this.#step(frames, frames.length);
    }
  }

  /** @param {Uint8Array} bytes @param {number} size */
  #step(bytes, size) {
    const guest = /** @type {Guest} */ (this.#guest);
    const time = this.#now() * 1000;
    let memory;
    try {
      memory = guest.step(bytes, size, time);
    } catch (error) {
      this.#die(reason(error, guest.lastWords));
      return;
    }
    this.#arm(guest.deadline, time);
    if (guest.to > guest.from) this.#listener.output(memory, guest.from, guest.to);
  }

  /** @param {string} why */
  #die(why) {
    this.#guest = undefined;
    this.#life++;
    this.#disarm();
    void this.#start(Guest.start(this.#module, this.#pace.memoryMax));
    this.#listener.died(why);
  }

  /**
   * Sets the alarm, unless it rings no later anyway: an early turn is harmless.
   *
   * @param {number} deadline
   * @param {number} time
   */
  #arm(deadline, time) {
    if ((this.#even && deadline >= this.#alarmAt) || this.#closed) return;
    this.#disarm();
    if (deadline === Infinity) return;
    this.#alarmAt = deadline;
    this.#alarm.set(Math.max(0, Math.ceil((deadline - time) / 1000)));
  }

  #disarm() {
    if (this.#alarmAt === Infinity) return;
    this.#alarmAt = Infinity;
    this.#alarm.clear();
  }

  #ring = () => {
    this.#alarmAt = Infinity;
    this.#turn();
  };

  #turn() {
    if (this.#guest) this.#step(nothing, 0);
  }
}

/**
 * @param {unknown} error
 * @param {string} lastWords
 */
function reason(error, lastWords) {
  const message = messageOf(error);
  return lastWords ? `${message}: ${lastWords.trim()}` : message;
}
