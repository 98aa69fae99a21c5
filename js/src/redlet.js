/**
 * An open engine, as programs see it.
 *
 * @module
 */

import { CALL_OPTIONS, CLIENT_OPTIONS, Client } from './client.js';
import { Clock } from './clock.js';
import { asyncDispose } from './dispose.js';
import { Engine } from './engine.js';
import { EngineError } from './errors.js';
import { NoFiles } from './files.js';
import { checkOptions, checkValue, kinds } from './options.js';
import { ReplyError } from './resp.js';
import { checkShared, checkSharedPipeline } from './shared.js';
import { connectStreams, dialStreams } from './streams.js';
import { Subscription } from './subscription.js';
import { now as machineTime } from './time.js';

/** @typedef {import('./resp.js').Argument} Argument */
/** @typedef {import('./resp.js').Reply} Reply */
/** @typedef {import('./client.js').CallOptions} CallOptions */
/** @typedef {import('./client.js').ClientOptions} ClientOptions */
/** @typedef {import('./engine.js').LogLevel} LogLevel */

/**
 * How an engine is opened. All of it may be left out.
 *
 * @typedef {object} CommonOptions
 * @property {import('./wasm.js').WasmSource | Promise<import('./wasm.js').WasmSource>} [wasm] the
 *   engine's WebAssembly; by default the file redlet.wasm of this package. Where there is neither a
 *   file system nor a file server (workerd), import it and hand it in
 * @property {string | Uint8Array} [seed] the source of every random choice: 32 bytes, or a text.
 *   The same seed and the same input give the same replies. By default it is random
 * @property {Record<string, string | number | boolean>} [config] parameters of redis.conf by name,
 *   such as `{ requirepass: 'secret', maxmemory: '100mb' }`
 * @property {number | Date | 'date'} [clock] freezes the clock at this time, in milliseconds since
 *   the Unix epoch; 'date' follows `Date` and `setTimeout`, whoever has replaced them. By default
 *   it shows the time of the machine, which nobody replaces
 * @property {boolean} [stopwatch] whether INFO's statistics tell how long commands take. False by
 *   default: the same input then gives the same replies, these too
 * @property {string} [dir] keeps the data: a folder in Node, Bun and Deno, in a page a name in its
 *   site's own storage (with `redlet/worker`). It stands for the parameters `dir` and
 *   `appendonly yes`, and the folder is made if it is not there
 * @property {Uint8Array} [snapshot] data to begin with: an RDB file, of {@link Redlet.snapshot} or
 *   of a real Redis
 * @property {boolean} [keep] whether the last snapshot that was opened with, taken or restored is
 *   kept, so that a new engine can come up with it if this one dies. True by default
 * @property {number} [memoryMax] how many bytes of memory the engine may take, about; 4 GiB by
 *   default, which is all that it can have. What it would need more for is refused, as Redis does
 *   above `maxmemory`
 * @property {2 | 3} [resp] the protocol of {@link Redlet.call}; 3 by default
 * @property {boolean} [bytes] whether strings in replies are given as `Uint8Array`; false by
 *   default
 * @property {'map' | 'object'} [maps] what maps in replies are given as; `'map'` by default
 * @property {(level: LogLevel, text: string) => void} [onlog] gets what a redis-server would write
 *   to its log
 * @property {(path: string, image: Uint8Array) => unknown} [onsave] writes the file that SAVE and
 *   BGSAVE ask for, safely; may return a promise. Without it, and without files, those commands are
 *   refused
 * @property {(address: string) => import('./streams.js').DuplexStreams |
 *   Promise<import('./streams.js').DuplexStreams>} [connect] makes the connections that the engine
 *   asks for, to a host and port; where there are no sockets it may map them to a WebSocket. By
 *   default they are TCP in Node, Bun and Deno, and refused elsewhere
 * @property {(reason: string) => void} [onshutdown] is called when a client has said SHUTDOWN
 * @property {(push: Reply[]) => void} [onpush] gets the pushes of the connection that {@link
 *   Redlet.call} uses
 */

/**
 * @typedef {CommonOptions & {
 *   now?: () => number,
 * }} OpenOptions `now` tells the time, in milliseconds since the Unix epoch, in place of
 *   the machine
 */

/** An RDB file without data and checksum. */
const EMPTY = Uint8Array.of(...new TextEncoder().encode('REDIS0012'), 255, ...Array(8).fill(0));

/** What `open` may be told. A platform adds its own. */
export const OPTIONS = {
  wasm: kinds.any,
  seed: kinds.seed,
  config: kinds.object,
  dir: kinds.string,
  clock: kinds.clock,
  now: kinds.toCall,
  stopwatch: kinds.boolean,
  snapshot: kinds.bytes,
  keep: kinds.boolean,
  memoryMax: kinds.count,
  resp: kinds.resp,
  bytes: kinds.boolean,
  maps: kinds.maps,
  onlog: kinds.toCall,
  onsave: kinds.toCall,
  connect: kinds.toCall,
  onshutdown: kinds.toCall,
  onpush: kinds.toCall,
};

/** What `transaction` may be told. */
const TRANSACTION_OPTIONS = { ...CALL_OPTIONS, attempts: kinds.count };

/** How often a transaction is tried, unless its options say so. */
const ATTEMPTS = 16;

/**
 * A Redis inside this process, open until {@link close}.
 *
 * {@link call} and {@link pipeline} share one connection, for commands that are whole by
 * themselves. {@link client} opens a connection of one's own, for what blocks and for what a
 * connection remembers; {@link transaction} does so for WATCH and MULTI.
 */
export class Redlet {
  #engine;
  #options;
  #client;
  /** Turns the engine's clock. */
  clock;

  /**
   * For `open`, which resolves when the engine is ready, and for {@link fork}.
   *
   * @param {Engine} engine
   * @param {CommonOptions} options
   */
  constructor(engine, options) {
    this.#engine = engine;
    this.#options = options;
    this.#client = this.client({ onpush: options.onpush });
    this.clock = new Clock(this.client({ resp: 2, bytes: false }), () => this.#engine.turn());
  }

  /**
   * Sends a command: `call('GET', 'k')`, or `call(['GET', 'k'], { bytes: true })`. Commands that
   * would take in the calls of others (MULTI, WATCH), or hold them up (BLPOP), are refused: they
   * need a {@link client} of their own.
   *
   * @template [T=Reply]
   * @param {[readonly Argument[], CallOptions?] | Argument[]} args the command's name and its
   *   arguments
   * @returns {Promise<T>} its reply; rejects with a {@link ReplyError} if that is an error
   * @example
   * await redis.call('SET', 'greeting', 'hello', 'PX', 5000); // 'OK'
   */
  call(...args) {
    const list = Array.isArray(args[0]);
    const command = /** @type {Argument[]} */ (list ? args[0] : args);
    const options = /** @type {CallOptions | undefined} */ (list ? args[1] : undefined);
    const refusal = checkShared(command);
    return refusal ? Promise.reject(refusal) : this.#client.ask(command, options);
  }

  /**
   * Sends many commands at once: they cross into the engine in one step.
   *
   * @template [T=Reply]
   * @param {readonly (readonly Argument[])[]} commands
   * @param {CallOptions} [options]
   * @returns {Promise<T[]>} a reply for each; an error stands in its place as a {@link ReplyError}
   * @example
   * await redis.pipeline([['INCR', 'n'], ['INCR', 'n']]); // [1, 2]
   */
  pipeline(commands, options) {
    const refusal = checkSharedPipeline(commands);
    return refusal ? Promise.reject(refusal) : this.#client.pipeline(commands, options);
  }

  /**
   * Runs commands as one, on a connection of its own. `prepare` may WATCH keys and read them; the
   * commands that it returns run between MULTI and EXEC. If a watched key has changed meanwhile, it
   * is all done again.
   *
   * @template [T=Reply]
   * @param {(client: Client) => readonly (readonly Argument[])[] | undefined |
   *   Promise<readonly (readonly Argument[])[] | undefined>} prepare says what is to run
   * @param {CallOptions & { attempts?: number }} [options] attempts are 16 by default
   * @returns {Promise<T[] | null>} the replies, an error in its place as a {@link ReplyError};
   *   null if nothing was to be done. Rejects with the error of a command that was not even queued,
   *   and with an {@link EngineError} if the keys have changed in all attempts
   * @example
   * await redis.transaction(async (client) => {
   *   await client.call('WATCH', 'stock');
   *   const stock = Number(await client.call('GET', 'stock'));
   *   return stock > 0 ? [['DECR', 'stock'], ['INCR', 'sold']] : undefined;
   * });
   */
  async transaction(prepare, options = {}) {
    checkOptions('transaction()', options, TRANSACTION_OPTIONS);
    checkValue('what transaction() calls', prepare, kinds.toCall);
    const { attempts = ATTEMPTS, ...given } = options;
    const client = this.client();
    try {
      for (let i = 0; i < attempts; i++) {
        const commands = await prepare(client);
        if (!commands) return null;
        const replies = await client.pipeline([['MULTI'], ...commands, ['EXEC']], given);
        const done = /** @type {any} */ (replies.at(-1));
        const refused = replies.find((reply) => reply instanceof ReplyError);
        if (refused instanceof ReplyError) throw new ReplyError(refused.message);
        if (done !== null) return done;
      }
    } finally {
      client.close();
    }
    throw new EngineError(`redlet: the watched keys have changed in all ${attempts} attempts`);
  }

  /**
   * Opens another connection: for commands that block, and for whatever a connection remembers
   * (SELECT, AUTH, MULTI, CLIENT TRACKING). It costs some microseconds, so each task may have its
   * own; `close()` gives it back.
   *
   * @param {ClientOptions} [options] by default those of this engine
   * @returns {Client}
   */
  client(options) {
    checkOptions('client()', options, CLIENT_OPTIONS);
    const { resp, bytes, maps } = this.#options;
    const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
    const own = { resp, bytes, maps, password: passwordOf(this.#options) };
    return new Client(this.#engine, { ...own, ...Object.fromEntries(given) });
  }

  /**
   * Listens to channels.
   *
   * @param {string | readonly string[]} channels
   * @param {import('./subscription.js').MessageListener} listener
   * @param {import('./subscription.js').SubscribeOptions} [options]
   * @returns {Promise<Subscription>} once the server has confirmed it; its `close()` ends it
   * @example
   * const news = await redis.subscribe('news', (message) => console.log(message));
   */
  subscribe(channels, listener, options) {
    const password = passwordOf(this.#options);
    return Subscription.open(this.#engine, { password }, channels, listener, options);
  }

  /**
   * Opens a connection as a pair of Web Streams that speak RESP, for clients that bring their own
   * protocol.
   *
   * @param {{ addr?: string }} [peer] the address that CLIENT LIST shows
   * @returns {import('./streams.js').DuplexStreams}
   */
  connect(peer) {
    return connectStreams(this.#engine, peer);
  }

  /**
   * Takes all data, without the connections.
   *
   * @returns {Promise<Uint8Array<ArrayBuffer>>} an RDB file, which a real Redis loads too
   */
  async snapshot() {
    return await this.#engine.snapshot();
  }

  /**
   * Replaces all data by that of a snapshot, or changes nothing and rejects. Connections stay.
   *
   * @param {Uint8Array} image an RDB file
   * @returns {Promise<void>}
   */
  async restore(image) {
    checkValue('what restore() takes', image, kinds.bytes);
    await this.#engine.restore(image);
  }

  /**
   * Puts the data back that the engine was opened with: none, or those of its `snapshot`. Functions
   * and scripts go too, and the clock shows what it showed at first. Connections and
   * configuration stay: {@link fork} gives a test all of its own.
   *
   * @returns {Promise<void>}
   */
  async reset() {
    const { clock, snapshot, now } = /** @type {OpenOptions} */ (this.#options);
    await this.#engine.restore(snapshot ?? EMPTY);
    await this.#client.call('SCRIPT', 'FLUSH');
    if (clock !== undefined && clock !== 'date') return this.clock.freeze(clock);
    await this.clock.freeze(now?.() ?? (clock ? Date.now() : machineTime()));
    await this.clock.run();
  }

  /**
   * Copies the engine, with all data, scripts, configuration and the clock, and without the
   * connections: a twin, which also makes the same random choices. It is another engine from then
   * on, to be closed by itself. One that keeps files in a `dir` cannot be copied.
   *
   * @returns {Promise<this>}
   * @example
   * const mine = await redis.fork();
   * await mine.call('FLUSHALL'); // redis has all its data still
   */
  async fork() {
    const engine = await this.#engine.fork();
    const Same = /** @type {new (engine: Engine, options: CommonOptions) => this} */ (
      this.constructor
    );
    return new Same(engine, this.#options);
  }

  /**
   * Drops the engine and all its data; what waits is rejected. The process may then exit at once.
   *
   * @returns {Promise<void>}
   */
  async close() {
    this.#engine.close();
  }

  /** As {@link close}, for `await using`. */
  [asyncDispose]() {
    return this.close();
  }

  /**
   * For `open`: waits for the engine to take its configuration, data and time.
   *
   * @returns {Promise<this>}
   */
  async ready() {
    try {
      const { clock } = this.#options;
      await this.#engine.ready();
      if (clock !== undefined && clock !== 'date') await this.clock.freeze(clock);
      return this;
    } catch (error) {
      this.#engine.close();
      throw error;
    }
  }

  /** The engine itself, for what a platform adds. @returns {Engine} */
  get engine() {
    return this.#engine;
  }

  /** What it was opened with. @returns {CommonOptions} */
  get options() {
    return this.#options;
  }
}

/**
 * The password of the default user.
 *
 * @param {CommonOptions} options
 */
export function passwordOf({ config }) {
  return config?.requirepass === undefined ? undefined : String(config.requirepass);
}

/**
 * Makes the engine that options ask for.
 *
 * @param {(listener: import('./host.js').Listener) => import('./host.js').Transport} start
 * @param {CommonOptions} options
 * @param {import('./files.js').Files} [files] by default there are none
 * @param {import('./engine.js').Dial} [dial] by default there are no sockets
 */
export function engineOf(start, options, files, dial) {
  const { onlog, onsave, onshutdown, config = {}, dir, snapshot, keep = true } = options;
  if (dir !== undefined && config.dir !== undefined)
    throw new TypeError('redlet: dir is given twice, as an option and in config');
  return new Engine(start, {
    seed: seedBytes(options.seed),
    // Nothing is saved behind the back of a program that did not ask for it.
    config: { save: '', ...(dir === undefined ? {} : { dir, appendonly: true }), ...config },
    stopwatch: options.stopwatch ?? false,
    snapshot,
    keep,
    files: files ?? new NoFiles(onsave),
    loads: files !== undefined || dir !== undefined,
    dial: options.connect ? dialStreams(options.connect) : dial,
    hooks: { onlog, onshutdown },
  });
}

/**
 * @param {string | Uint8Array | undefined} seed
 * @returns {Uint8Array} 32 bytes
 */
function seedBytes(seed) {
  const bytes = new Uint8Array(32);
  if (seed === undefined) return crypto.getRandomValues(bytes);
  const given = typeof seed === 'string' ? new TextEncoder().encode(seed) : seed;
  if (given.length > 32) throw new RangeError('redlet: a seed has at most 32 bytes');
  bytes.set(given);
  return bytes;
}
