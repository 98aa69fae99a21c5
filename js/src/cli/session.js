/**
 * A connection as redis-cli keeps it: commands go out, replies are printed as they come.
 *
 * @module
 */

import { format, parseReply } from './reply.js';
import { request } from './request.js';
import { latin1 } from '../sds.js';

/** @typedef {import('./reply.js').Reply} Reply */

/**
 * Where a session tells what happens.
 *
 * @typedef {object} Listener
 * @property {(text: string, isError: boolean) => void} print gets a reply as redis-cli shows it
 * @property {() => void} changed the state is another one
 */

/** The client's end of one connection, which comes back by itself when it breaks. */
export class Session {
  /** The database that was selected. */
  db = 0;
  /** Whether a transaction is open. */
  inMulti = false;
  /** How many channels and patterns are subscribed to. */
  subscriptions = 0;
  /** Whether MONITOR runs. */
  monitoring = false;
  #redis;
  #listener;
  /** @type {string[][]} the commands that wait for their reply */
  #waiting = [];
  /** @type {WritableStreamDefaultWriter<Uint8Array> | undefined} */
  #writer;
  #received = '';

  /**
   * @param {import('../redlet.js').Redlet} redis
   * @param {Listener} listener
   */
  constructor(redis, listener) {
    this.#redis = redis;
    this.#listener = listener;
  }

  /** Whether a command has not been answered yet. */
  get busy() {
    return this.#waiting.length > 0;
  }

  /**
   * Sends a command.
   *
   * @param {string[]} words
   */
  send(words) {
    this.#writer ??= this.#connect();
    this.#waiting.push(words);
    this.#listener.changed();
    // A refusal shows on the reading side too.
    this.#writer.write(request(words)).catch(() => {});
  }

  /** Gives up waiting: drops the connection, and its state with it. */
  interrupt() {
    void this.#writer?.abort();
    this.#reset();
  }

  #connect() {
    const { readable, writable } = this.#redis.connect();
    void this.#read(readable);
    return writable.getWriter();
  }

  /** @param {ReadableStream<Uint8Array>} readable */
  async #read(readable) {
    const reader = readable.getReader();
    const mine = () => this.#reader === reader;
    this.#reader = reader;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (!mine()) return;
        if (done) break;
        this.#received += latin1(value);
        this.#take();
      }
      if (this.busy) this.#listener.print('Error: Server closed the connection', true);
    } catch (error) {
      if (mine()) this.#listener.print(`Error: ${/** @type {Error} */ (error).message}`, true);
    }
    if (mine()) this.#reset();
  }

  /** @type {ReadableStreamDefaultReader<Uint8Array> | undefined} of the connection in use */
  #reader;

  #take() {
    for (;;) {
      const parsed = parseReply(this.#received);
      if (!parsed) return;
      this.#received = this.#received.slice(parsed.end);
      this.#note(parsed.reply);
      const isError = parsed.reply.kind === '-' || parsed.reply.kind === '!';
      this.#listener.print(format(parsed.reply), isError);
      this.#listener.changed();
    }
  }

  /**
   * Follows what a reply says about the state of the connection.
   *
   * @param {Reply} reply
   */
  #note(reply) {
    if (isConfirmation(reply)) {
      this.subscriptions = Number(reply.items[2]?.text);
      this.#waiting = this.#waiting.filter((words) => !/subscribe$/i.test(String(words[0])));
      return;
    }
    if (reply.kind === '>' || isMessage(reply, this.subscriptions)) return;
    const [name = '', argument] = (this.#waiting.shift() ?? []).map((word) => word.toLowerCase());
    if (reply.kind === '-') return;
    if (name === 'multi') this.inMulti = true;
    if (name === 'exec' || name === 'discard' || name === 'reset') this.inMulti = false;
    if (name === 'select' && !this.inMulti) this.db = Number(argument);
    if (name === 'monitor') this.monitoring = true;
    if (name !== 'reset') return;
    this.db = this.subscriptions = 0;
    this.monitoring = false;
  }

  #reset() {
    this.#writer = this.#reader = undefined;
    this.#waiting = [];
    this.#received = '';
    this.db = this.subscriptions = 0;
    this.inMulti = this.monitoring = false;
    this.#listener.changed();
  }
}

/** @param {Reply} reply */
function isConfirmation({ kind, items }) {
  if (kind !== '*' && kind !== '>') return false;
  return items.length === 3 && items[2]?.kind === ':' && /subscribe$/.test(items[0]?.text ?? '');
}

/**
 * @param {Reply} reply
 * @param {number} subscriptions
 */
function isMessage({ kind, items }, subscriptions) {
  return subscriptions > 0 && kind === '*' && /^[ps]?message$/.test(items[0]?.text ?? '');
}

/**
 * What stands before the line that is typed next.
 *
 * @param {Session} session
 */
export function promptOf(session) {
  if (session.subscriptions > 0) return 'redlet (subscribed)>';
  if (session.monitoring) return 'redlet (monitor)>';
  const db = session.db > 0 ? `[${session.db}]` : '';
  const wait = session.busy ? ' …' : '';
  return `redlet${db}${session.inMulti ? '(TX)' : ''}${wait}>`;
}
