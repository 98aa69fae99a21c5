/**
 * Subscriptions to channels.
 *
 * @module
 */

import { Client } from './client.js';
import { isBytes } from './resp.js';
import { checkOptions, checkValue, kinds } from './options.js';

/** @typedef {import('./resp.js').Reply} Reply */

/**
 * Gets a message: its text (or bytes), the channel it was sent to, and the pattern that matched, if
 * one did.
 *
 * @typedef {(message: any, channel: string, pattern: string | undefined) => void} MessageListener
 */

/**
 * @typedef {object} SubscribeOptions
 * @property {boolean} [pattern] whether the names are patterns, as for PSUBSCRIBE
 * @property {boolean} [sharded] whether the channels are sharded, as for SSUBSCRIBE
 * @property {boolean} [bytes] whether messages are given as `Uint8Array`
 */

/** What `subscribe` may be told. */
const SUBSCRIBE_OPTIONS = {
  pattern: kinds.boolean,
  sharded: kinds.boolean,
  bytes: kinds.boolean,
};

/** A subscription, on a connection of its own. */
export class Subscription {
  #engine;
  #client;
  #listener;
  #bytes;
  #closed = false;
  #confirm = () => {};

  /**
   * Opens a subscription; resolves when the server has confirmed it.
   *
   * @param {import('./engine.js').Engine} engine
   * @param {import('./client.js').ClientOptions} clientOptions
   * @param {string | readonly string[]} channels
   * @param {MessageListener} listener
   * @param {SubscribeOptions} [options]
   * @returns {Promise<Subscription>}
   */
  static async open(engine, clientOptions, channels, listener, options = {}) {
    checkOptions('subscribe()', options, SUBSCRIBE_OPTIONS);
    checkValue('the listener of subscribe()', listener, kinds.toCall);
    const names = typeof channels === 'string' ? [channels] : channels;
    if (names.length === 0) throw new TypeError('redlet: subscribe() needs a channel');
    const subscription = new Subscription(engine, clientOptions, listener, options.bytes ?? false);
    const command = options.pattern ? 'PSUBSCRIBE' : options.sharded ? 'SSUBSCRIBE' : 'SUBSCRIBE';
    try {
      await subscription.#subscribe(command, names);
    } catch (error) {
      subscription.close();
      throw error;
    }
    return subscription;
  }

  /**
   * @param {import('./engine.js').Engine} engine
   * @param {import('./client.js').ClientOptions} clientOptions
   * @param {MessageListener} listener
   * @param {boolean} bytes
   */
  constructor(engine, clientOptions, listener, bytes) {
    this.#engine = engine;
    // A program that waits for messages is not done, as long as the engine has something to do.
    engine.hold();
    this.#listener = listener;
    this.#bytes = bytes;
    const onpush = (/** @type {Reply[]} */ push) => this.#receive(push);
    this.#client = new Client(engine, { ...clientOptions, resp: 3, bytes: true, onpush });
  }

  /** Ends the subscription: no message is delivered after this. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#engine.release();
    this.#client.close();
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  /**
   * @param {string} command
   * @param {readonly string[]} names
   */
  #subscribe(command, names) {
    let missing = names.length;
    const { answer, answered } = this.#client.expectPushes([command, ...names]);
    this.#confirm = () => {
      if (--missing === 0) answered();
    };
    return answer;
  }

  /** @param {Reply[]} push */
  #receive(push) {
    if (this.#closed) return undefined;
    const [kind, ...rest] = push;
    switch (name(kind)) {
      case 'message':
      case 'smessage':
        return this.#listener(this.#message(rest[1]), name(rest[0]), undefined);
      case 'pmessage':
        return this.#listener(this.#message(rest[2]), name(rest[1]), name(rest[0]));
      case 'subscribe':
      case 'psubscribe':
      case 'ssubscribe':
        return this.#confirm();
      default:
        return undefined;
    }
  }

  /** @param {Reply | undefined} message */
  #message(message) {
    return this.#bytes ? message : name(message);
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** @param {Reply | undefined} part */
function name(part) {
  return isBytes(part) ? decoder.decode(part) : String(part);
}
