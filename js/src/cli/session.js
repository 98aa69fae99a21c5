/**
 * A connection as redis-cli keeps it: commands go out, replies are printed as they come.
 *
 * @module
 */

import { format, parseReply } from './reply.js';
import { request } from './request.js';
import { isRaw } from './script.js';
import { latin1 } from '../sds.js';

/** @typedef {import('./reply.js').Reply} Reply */

/**
 * Where a session tells what happens.
 *
 * @typedef {object} Listener
 * @property {(text: string, isError: boolean) => void} print gets a reply as redis-cli shows it
 * @property {() => void} changed the state is another one
 * @property {(exchange: Exchange) => void} [exchanged] gets each reply besides, before that
 */

/**
 * A command and its reply.
 *
 * @typedef {object} Exchange
 * @property {string[] | undefined} words the command; none for what comes without being asked
 * @property {Reply} reply
 * @property {string} received the reply's bytes
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
  /** Whether keys are watched. */
  watching = false;
  /** Whether a command has been refused since MULTI, so that EXEC will be. */
  aborted = false;
  /** What is sent when the connection opens; nobody is told the replies. */
  /** @type {string[][]} */
  greeting = [];
  #redis;
  #listener;
  /** @type {string[][]} the commands that wait for their reply */
  #waiting = [];
  /** @type {WritableStreamDefaultWriter<Uint8Array> | undefined} */
  #writer;
  #received = '';
  /** How many of the first replies answer the greeting. */
  #greeted = 0;
  /** The database that SELECT within the transaction has chosen. */
  #nextDb = 0;

  /**
   * @param {Pick<import('../redlet.js').Redlet, 'connect'>} redis
   * @param {Listener} listener
   */
  constructor(redis, listener) {
    this.#redis = redis;
    this.#listener = listener;
  }

  /** Whether a command has not been answered yet. */
  get busy() {
    return this.#waiting.length > this.#greeted;
  }

  /** The command that is under way, if one is. */
  get current() {
    return this.#waiting[this.#greeted];
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

  /**
   * Sends a command whose reply nobody is told, if the connection is open and nothing is under way;
   * else the greeting of the next does for it.
   *
   * @param {string[]} words
   */
  tell(words) {
    if (!this.#writer || this.busy || this.monitoring || this.subscriptions > 0) return;
    this.#waiting.push(words);
    this.#greeted++;
    this.#writer.write(request(words)).catch(() => {});
  }

  /** Gives up waiting: drops the connection, and its state with it. */
  interrupt() {
    this.#writer?.abort().catch(() => {}); // it may have ended by itself
    this.#reset();
  }

  #connect() {
    const { readable, writable } = this.#redis.connect();
    void this.#read(readable);
    const writer = writable.getWriter();
    for (const words of this.greeting) {
      this.#waiting.push(words);
      writer.write(request(words)).catch(() => {});
    }
    this.#greeted = this.greeting.length;
    return writer;
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
      const received = this.#received.slice(0, parsed.end);
      this.#received = this.#received.slice(parsed.end);
      if (this.#greeted > 0) {
        this.#greeted--;
        this.#waiting.shift();
        continue;
      }
      const { reply } = parsed;
      const words = this.#note(reply);
      this.#listener.exchanged?.({ words, reply, received });
      const raw = '$='.includes(reply.kind) && !reply.isNull && words && isRaw(words);
      const isError = reply.kind === '-' || reply.kind === '!';
      this.#listener.print(raw ? reply.text.trimEnd() : format(reply), isError);
      this.#listener.changed();
    }
  }

  /**
   * Follows what a reply says about the state of the connection.
   *
   * @param {Reply} reply
   * @returns {string[] | undefined} the command that it answers
   */
  #note(reply) {
    if (isConfirmation(reply)) {
      this.subscriptions = Number(reply.items[2]?.text);
      const words = this.#waiting.find(isSubscribing);
      this.#waiting = this.#waiting.filter((waiting) => !isSubscribing(waiting));
      return words;
    }
    if (reply.kind === '>' || isMessage(reply, this.subscriptions)) return undefined;
    const words = this.#waiting.shift();
    if (words) this.#follow(words, reply);
    return words;
  }

  /**
   * @param {string[]} words
   * @param {Reply} reply
   */
  #follow(words, reply) {
    const [name = '', argument] = words.map((word) => word.toLowerCase());
    const failed = reply.kind === '-';
    if (failed && this.inMulti && name !== 'exec' && name !== 'multi' && name !== 'watch')
      this.aborted = true;
    if (name === 'exec' && this.inMulti) {
      if (!failed && !reply.isNull) this.db = this.#nextDb;
      this.inMulti = this.aborted = this.watching = false;
    }
    if (failed) return;
    if (name === 'multi') {
      this.inMulti = true;
      this.#nextDb = this.db;
    }
    if (name === 'discard' || name === 'reset') this.inMulti = this.aborted = this.watching = false;
    if (name === 'watch') this.watching = true;
    if (name === 'unwatch' && !this.inMulti) this.watching = false;
    if (name === 'select' && this.inMulti) this.#nextDb = Number(argument);
    else if (name === 'select') this.db = Number(argument);
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
    this.#greeted = 0;
    this.inMulti = this.monitoring = this.watching = this.aborted = false;
    this.#listener.changed();
  }
}

/** @param {Reply} reply */
function isConfirmation({ kind, items }) {
  if (kind !== '*' && kind !== '>') return false;
  return items.length === 3 && items[2]?.kind === ':' && /subscribe$/.test(items[0]?.text ?? '');
}

/** @param {string[]} words */
function isSubscribing(words) {
  return /subscribe$/i.test(String(words[0]));
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
