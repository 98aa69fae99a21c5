/**
 * A client of the engine: one connection, commands in order, replies in order.
 *
 * @module
 */

import { EngineError } from './engine.js';
import { Parser, ReplyError, checkArguments, encodeCommand } from './resp.js';
import { enqueue } from './time.js';

/** @typedef {import('./resp.js').Argument} Argument */
/** @typedef {import('./resp.js').Reply} Reply */

/**
 * @typedef {object} ClientOptions
 * @property {2 | 3} [resp] the protocol; 3 by default
 * @property {boolean} [bytes] whether strings in replies are given as `Uint8Array`; false by
 *   default
 * @property {string} [username] to authenticate with
 * @property {string} [password] to authenticate with; by default `requirepass` of the configuration
 * @property {(push: Reply[]) => void} [onpush] gets what the server sends without being asked, such
 *   as the invalidations of CLIENT TRACKING
 */

/**
 * Someone who waits for replies.
 *
 * @typedef {object} Waiter
 * @property {number} want how many replies are still to come
 * @property {boolean} bytes
 * @property {Reply[] | null} got the replies so far, or null if the only one is the answer
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 */

/** Commands whose answers are pushes: {@link Client.call} could never pair them. */
const SUBSCRIBING = /^[ps]?(un)?subscribe$/i;

/**
 * One connection. Its commands run in the order of the calls; a blocking one holds up those behind
 * it. When the server closes the connection (QUIT, CLIENT KILL, the engine's death) what waits is
 * rejected with an {@link EngineError}, and the next call opens another one.
 */
export class Client {
  #engine;
  #options;
  #parser = new Parser();
  /** @type {import('./connection.js').Connection | undefined} */
  #connection;
  /** @type {Waiter[]} from #first on */
  #waiting = [];
  #first = 0;
  #closed = false;

  /**
   * @param {import('./engine.js').Engine} engine
   * @param {ClientOptions} options
   */
  constructor(engine, options) {
    this.#engine = engine;
    this.#options = options;
  }

  /**
   * Sends a command.
   *
   * @template [T=Reply]
   * @param {...Argument} args the command's name and its arguments
   * @returns {Promise<T>} its reply; rejects with a {@link ReplyError} if that is an error
   */
  call(...args) {
    return new Promise((resolve, reject) => {
      check(args);
      const connection = this.#connect();
      this.#push({ want: 1, bytes: this.#bytes, got: null, resolve, reject });
      this.#send(connection.id, args);
      this.#engine.schedule();
    });
  }

  /**
   * Sends many commands at once: they cross into the engine in one step, and nobody else's run
   * between them.
   *
   * @template [T=Reply]
   * @param {readonly (readonly Argument[])[]} commands
   * @param {{ bytes?: boolean }} [options] `bytes` overrules that of the client
   * @returns {Promise<T[]>} a reply for each; an error stands in its place as a {@link ReplyError}
   */
  pipeline(commands, { bytes = this.#bytes } = {}) {
    return new Promise((resolve, reject) => {
      for (const args of commands) check(args);
      if (commands.length === 0) return resolve([]);
      const connection = this.#connect();
      this.#push({ want: commands.length, bytes, got: [], resolve, reject });
      for (const args of commands) this.#send(connection.id, args);
      this.#engine.schedule();
    });
  }

  /** Closes the connection; what waits is rejected. */
  close() {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = undefined;
    this.#fail(new EngineError('redlet: the client is closed'));
  }

  /**
   * Sends a command whose answer comes as pushes.
   *
   * @param {readonly Argument[]} args
   * @returns {{ answered: () => void, answer: Promise<void> }} call `answered` when they have come;
   *   `answer` rejects if an error comes instead
   */
  expectPushes(args) {
    let answered = () => {};
    const answer = new Promise((resolve, reject) => {
      const connection = this.#connect();
      answered = () => {
        this.#shift();
        resolve(undefined);
      };
      this.#push({ want: 1, bytes: false, got: null, resolve, reject });
      this.#send(connection.id, args);
      this.#engine.schedule();
    });
    return { answered, answer: answer.then(() => {}) };
  }

  get #bytes() {
    return this.#options.bytes ?? false;
  }

  #connect() {
    if (this.#connection) return this.#connection;
    if (this.#closed) throw new EngineError('redlet: the client is closed');
    this.#parser = new Parser();
    const connection = this.#engine.connect({
      data: (bytes) => this.#parser.feed(bytes, this.#receive),
      end: (error) => this.#ended(error),
    });
    this.#connection = connection;
    this.#greet(connection.id);
    return connection;
  }

  /**
   * The first commands of a connection; their refusal is seen by the commands that follow.
   *
   * @param {number} conn
   */
  #greet(conn) {
    const { resp = 3, username = 'default', password } = this.#options;
    const auth = password ? ['AUTH', username, password] : [];
    const hello = resp === 3 ? ['HELLO', 3, ...auth] : auth;
    if (hello.length === 0) return;
    this.#push({ want: 1, bytes: false, got: null, resolve: () => {}, reject: () => {} });
    this.#send(conn, hello);
  }

  /**
   * @param {number} conn
   * @param {readonly Argument[]} args
   */
  #send(conn, args) {
    const { inbox } = this.#engine;
    inbox.begin(conn);
    encodeCommand(inbox, args);
    inbox.end();
  }

  /** @param {Waiter} waiter */
  #push(waiter) {
    if (this.#first === this.#waiting.length) this.#engine.hold();
    this.#waiting.push(waiter);
    if (this.#waiting.length === 1) this.#parser.bytes = waiter.bytes;
  }

  #shift() {
    this.#first++;
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
      this.#engine.release();
    } else if (this.#first > 1024) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    this.#parser.bytes = this.#waiting[this.#first]?.bytes ?? this.#bytes;
  }

  /** @type {(reply: Reply, push: boolean) => void} */
  #receive = (reply, push) => {
    const waiter = this.#waiting[this.#first];
    if (push || !waiter) {
      const { onpush } = this.#options;
      if (onpush) enqueue(() => onpush(/** @type {Reply[]} */ (reply)));
      return;
    }
    if (!waiter.got) {
      this.#shift();
      if (reply instanceof ReplyError) waiter.reject(reply);
      else waiter.resolve(reply);
      return;
    }
    waiter.got.push(reply);
    if (waiter.got.length < waiter.want) return;
    this.#shift();
    waiter.resolve(waiter.got);
  };

  /** @param {Error} [error] */
  #ended(error) {
    this.#connection = undefined;
    this.#fail(
      error ?? this.#engine.over ?? new EngineError('redlet: the server closed the connection'),
    );
  }

  /** @param {Error} error */
  #fail(error) {
    const waiting = this.#waiting.slice(this.#first);
    this.#waiting = [];
    this.#first = 0;
    if (waiting.length > 0) this.#engine.release();
    for (const waiter of waiting) waiter.reject(error);
  }
}

/** @param {readonly Argument[]} args */
function check(args) {
  checkArguments(args);
  if (args.length === 0) throw new TypeError('redlet: a command needs a name');
  const name = args[0];
  if (typeof name === 'string' && name.length >= 9 && SUBSCRIBING.test(name)) {
    throw new TypeError(`redlet: call subscribe() instead of ${name}`);
  }
}
