/**
 * A client of the engine: one connection, commands in order, replies in order.
 *
 * @module
 */

import { EngineError } from './errors.js';
import { checkOptions, checkValue, kinds } from './options.js';
import { Parser, ReplyError, checkArguments, encodeCommand } from './resp.js';
import { enqueue } from './time.js';

/** @typedef {import('./resp.js').Argument} Argument */
/** @typedef {import('./resp.js').Reply} Reply */

/**
 * @typedef {object} ClientOptions
 * @property {2 | 3} [resp] the protocol; 3 by default
 * @property {boolean} [bytes] whether strings in replies are given as `Uint8Array`; false by
 *   default
 * @property {'map' | 'object'} [maps] what a map is given as; `'map'` by default
 * @property {string} [username] to authenticate with
 * @property {string} [password] to authenticate with; by default `requirepass` of the configuration
 * @property {(push: Reply[]) => void} [onpush] gets what the server sends without being asked, such
 *   as the invalidations of CLIENT TRACKING
 */

/**
 * How the replies of one call are given; what is left out is as for the client.
 *
 * @typedef {object} CallOptions
 * @property {boolean} [bytes]
 * @property {'map' | 'object'} [maps]
 */

/** Someone who waits for replies. */
class Waiter {
  /** @type {Waiter | undefined} who waits behind */
  next;
  done = false;
  /** @type {any} */
  answer;
  /** @type {Error | undefined} why there is no answer */
  failure;
  /** Is called when it is done. */
  wake = nothing;

  /**
   * @param {number} want how many replies are to come
   * @param {Reply[] | null} got the replies so far, or null if the only one is the answer
   * @param {boolean} bytes
   * @param {boolean} objects
   */
  constructor(want, got, bytes, objects) {
    this.want = want;
    this.got = got;
    this.bytes = bytes;
    this.objects = objects;
  }

  /** @param {any} answer */
  resolve(answer) {
    this.answer = answer;
    this.done = true;
    this.wake();
  }

  /** @param {Error} failure */
  reject(failure) {
    this.failure = failure;
    this.done = true;
    this.wake();
  }

  /** @returns {Promise<void>} resolves when it is done */
  wait() {
    return new Promise((resolve) => (this.wake = resolve));
  }
}

/** What a call may be told. */
export const CALL_OPTIONS = { bytes: kinds.boolean, maps: kinds.maps };
/** What a client may be told. */
export const CLIENT_OPTIONS = {
  ...CALL_OPTIONS,
  resp: kinds.resp,
  username: kinds.string,
  password: kinds.string,
  onpush: kinds.toCall,
};

/** Commands whose answers are pushes: {@link Client.call} could never pair them. */
const SUBSCRIBING = /^[ps]?(un)?subscribe$/i;
/** Those that never stop answering. */
const STREAMING = /^(monitor|sync|psync)$/i;

/**
 * One connection. Its commands run in the order of the calls; a blocking one holds up those behind
 * it. When the server closes the connection (QUIT, CLIENT KILL, the engine's death) what waits is
 * rejected with an {@link EngineError}, and the next call opens another one.
 */
export class Client {
  #engine;
  #options;
  #bytes;
  #objects;
  #parser = new Parser();
  /** @type {import('./connection.js').Connection | undefined} */
  #connection;
  /** @type {Waiter | undefined} whose reply comes next */
  #first;
  /** @type {Waiter | undefined} */
  #last;
  #closed = false;

  /**
   * @param {import('./engine.js').Engine} engine
   * @param {ClientOptions} options
   */
  constructor(engine, options) {
    checkOptions('client()', options, CLIENT_OPTIONS);
    this.#engine = engine;
    this.#options = options;
    this.#bytes = options.bytes ?? false;
    this.#objects = options.maps === 'object';
  }

  /**
   * Sends a command: `call('GET', 'k')`, or `call(['GET', 'k'], { bytes: true })`.
   *
   * @template [T=Reply]
   * @param {[readonly Argument[], CallOptions?] | Argument[]} args the command's name and its
   *   arguments
   * @returns {Promise<T>} its reply; rejects with a {@link ReplyError} if that is an error
   */
  call(...args) {
    return Array.isArray(args[0])
      ? this.ask(args[0], /** @type {CallOptions | undefined} */ (args[1]))
      : this.ask(/** @type {Argument[]} */ (args), undefined);
  }

  /**
   * Does what {@link call} does. The error that it throws is made, or remade, where V8 finds the
   * callers: in the async function that they wait for. Most replies come with the next step, for
   * which all calls wait together.
   *
   * @template [T=Reply]
   * @param {readonly Argument[]} args
   * @param {CallOptions | undefined} options
   * @returns {Promise<T>}
   */
  async ask(args, options) {
    check(args);
    if (options) checkOptions('call()', options, CALL_OPTIONS);
    const connection = this.#connect();
    const waiter = this.#push(1, options, null);
    this.#send(connection.id, args);
    await this.#engine.schedule();
    if (!waiter.done) await waiter.wait();
    if (waiter.failure) throw waiter.failure;
    const { answer } = waiter;
    if (answer instanceof ReplyError) throw new ReplyError(answer.message);
    return answer;
  }

  /**
   * Sends many commands at once: they cross into the engine in one step, and nobody else's run
   * between them.
   *
   * @template [T=Reply]
   * @param {readonly (readonly Argument[])[]} commands
   * @param {CallOptions} [options]
   * @returns {Promise<T[]>} a reply for each; an error stands in its place as a {@link ReplyError}
   */
  async pipeline(commands, options) {
    checkValue('what pipeline() takes', commands, kinds.commands);
    for (const args of commands) check(args);
    checkOptions('pipeline()', options, CALL_OPTIONS);
    if (commands.length === 0) return [];
    const connection = this.#connect();
    const waiter = this.#push(commands.length, options, []);
    const { inbox } = this.#engine;
    inbox.begin(connection.id);
    for (const args of commands) encodeCommand(inbox, args);
    inbox.end();
    await this.#engine.schedule();
    if (!waiter.done) await waiter.wait();
    if (waiter.failure) throw waiter.failure;
    return waiter.answer;
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
    const connection = this.#connect();
    const waiter = this.#push(1, PLAIN, null);
    this.#send(connection.id, args);
    void this.#engine.schedule();
    const answered = () => {
      this.#shift();
      waiter.resolve(undefined);
    };
    const answer = waiter.wait().then(() => {
      if (waiter.failure) throw waiter.failure;
      if (waiter.answer instanceof ReplyError) throw waiter.answer;
    });
    return { answered, answer };
  }

  #connect() {
    if (this.#connection) return this.#connection;
    if (this.#closed) throw new EngineError('redlet: the client is closed');
    this.#parser = new Parser();
    const connection = this.#engine.connect({
      data: (bytes, from, to) => this.#parser.feed(bytes, this.#receive, from, to),
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
    this.#push(1, PLAIN, null);
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

  /**
   * @param {number} want
   * @param {CallOptions | undefined} options
   * @param {Reply[] | null} got
   */
  #push(want, options, got) {
    const bytes = options?.bytes ?? this.#bytes;
    const objects = options?.maps === undefined ? this.#objects : options.maps === 'object';
    const waiter = new Waiter(want, got, bytes, objects);
    if (this.#last) {
      this.#last.next = waiter;
    } else {
      this.#first = waiter;
      this.#engine.hold();
      this.#expect(bytes, objects);
    }
    this.#last = waiter;
    return waiter;
  }

  #shift() {
    const next = this.#first?.next;
    this.#first = next;
    if (next) return this.#expect(next.bytes, next.objects);
    this.#last = undefined;
    this.#engine.release();
    this.#expect(this.#bytes, this.#objects);
  }

  /**
   * How the next reply is to be given.
   *
   * @param {boolean} bytes
   * @param {boolean} objects
   */
  #expect(bytes, objects) {
    this.#parser.bytes = bytes;
    this.#parser.objects = objects;
  }

  /** @type {(reply: Reply, push: boolean) => void} */
  #receive = (reply, push) => {
    const waiter = this.#first;
    if (push || !waiter) {
      const { onpush } = this.#options;
      if (onpush) enqueue(() => onpush(/** @type {Reply[]} */ (reply)));
      return;
    }
    if (!waiter.got) {
      this.#shift();
      waiter.resolve(reply);
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
    let waiter = this.#first;
    this.#first = this.#last = undefined;
    if (waiter) this.#engine.release();
    for (; waiter; waiter = waiter.next) waiter.reject(error);
  }
}

/** As the package's own commands are answered. */
const PLAIN = /** @type {CallOptions} */ ({ bytes: false });

function nothing() {}

/** @param {readonly Argument[]} args */
function check(args) {
  checkArguments(args);
  if (args.length === 0) throw new TypeError('redlet: a command needs a name');
  const name = args[0];
  // The commands that are called most are short.
  if (typeof name === 'string' && name.length > 3) checkName(name, args);
}

/**
 * @param {string} name
 * @param {readonly Argument[]} args
 */
function checkName(name, args) {
  const { length } = name;
  if (length >= 9 && SUBSCRIBING.test(name))
    throw new TypeError(`redlet: call subscribe() instead of ${name}`);
  if (length <= 7 && STREAMING.test(name))
    throw new TypeError(`redlet: ${name} never stops answering: use connect()`);
  if (length === 6 && /^client$/i.test(name) && /^reply$/i.test(String(args[1])))
    throw new TypeError('redlet: a call waits for its reply: for CLIENT REPLY use connect()');
}
