/**
 * The loop round one engine: what goes in waits in the inbox and is handed over in one step; what
 * comes out goes to its connection.
 *
 * @module
 */

import { In, Inbox, Out, configuration, cutPath, readFrames } from './abi.js';
import { Connection } from './connection.js';
import { EngineError } from './errors.js';
import { Verbs, isVerb } from './files.js';
import { messageOf } from './message.js';
import { Owner } from './owner.js';
import { enqueue, setSoon } from './time.js';

/** @typedef {import('./connection.js').Sink} Sink */

/** @typedef {import('./setup.js').Dial} Dial */
/** @typedef {'debug' | 'verbose' | 'notice' | 'warning'} LogLevel */

/** @type {LogLevel[]} */
const LEVELS = ['debug', 'verbose', 'notice', 'warning'];

/** @typedef {import('./setup.js').Setup} Setup */
/** @typedef {import('./setup.js').Origin} Origin */
/** @typedef {{ resolve: (value: any) => void, reject: (error: Error) => void }} Waiter */

const resolved = Promise.resolve();

/** Owns an engine and its connections. */
export class Engine {
  inbox = new Inbox();
  owner = new Owner(this);
  /** @type {import('./host.js').Transport} */
  #transport;
  #setup;
  #verbs;
  /** @type {Uint8Array | undefined} */
  #kept;
  /** @type {Map<number, Connection>} */
  #connections = new Map();
  /** The last connection's number: numbers are never used again, CLIENT ID shows them. */
  #lastConn = 0;
  /** @type {Set<number>} tickets of connections that are being made */
  #dialling = new Set();
  #life = 1;
  /** Whether the guest has yet to take its configuration. */
  #booting = true;
  /** Whether no guest has taken it so far. */
  #first = true;
  /** @type {Waiter[]} */
  #configured = [];
  /** @type {Waiter[]} */
  #snapshots = [];
  /** @type {Waiter[]} */
  #restores = [];
  #scheduled = false;
  /** @type {Promise<void> | undefined} the step that comes when the running code has ended */
  #step;
  #holds = 0;
  /** What the transport was told last. */
  #held = false;
  /** @type {EngineError | undefined} why nothing works any more */
  #over;
  /** @type {(() => void)[]} */
  #onclose = [];

  /**
   * @param {(listener: import('./host.js').Listener) => import('./host.js').Transport} start
   * @param {Setup} setup
   * @param {Origin} [origin] of a copy
   */
  constructor(start, setup, origin) {
    this.#setup = setup;
    this.#kept = origin ? origin.kept : setup.snapshot;
    if (origin) {
      this.#lastConn = origin.lastConn;
      this.#booting = this.#first = false;
    }
    this.#verbs = new Verbs(setup.files, {
      life: () => (this.#over ? 0 : this.#life),
      answer: this.#answer,
      written: (image) => {
        if (setup.keep) this.#kept = image;
      },
    });
    this.#transport = start({
      output: (bytes, from, to) => {
        readFrames(bytes, this.#receive, from, to);
        this.#applyHold();
      },
      died: (why) => this.#died(why),
      failed: (why) => this.#end(new EngineError(`redlet: the engine does not start: ${why}`)),
    });
  }

  /** Resolves when the engine has taken its configuration and its first snapshot. */
  async ready() {
    const configured = this.#wait(this.#configured);
    this.#configure();
    await configured;
    const { snapshot } = this.#setup;
    if (!snapshot) return;
    const restored = this.#wait(this.#restores);
    this.inbox.frame(In.RESTORE, 0, snapshot);
    await restored;
  }

  /**
   * Copies the engine as it is, but for the connections.
   *
   * @returns {Promise<Engine>}
   */
  async fork() {
    if (this.#over) throw this.#over;
    if (this.#setup.loads) {
      throw new EngineError('redlet: with a dir there is no fork(): both would write there');
    }
    /** @type {number[]} */
    let connections = [];
    /** @type {number[]} */
    let tickets = [];
    /** @type {Origin} */
    const origin = { lastConn: 0, kept: undefined };
    const start = await this.#transport.fork(() => {
      this.#flush();
      connections = [...this.#connections.keys()];
      tickets = [...this.#dialling];
      Object.assign(origin, { lastConn: this.#lastConn, kept: this.#kept });
    });
    const fork = new Engine(start, this.#setup, origin);
    for (const id of connections) fork.inbox.frame(In.CLOSE, id);
    for (const ticket of tickets) fork.inbox.frame(In.DONE, 0, 'the engine was forked', ticket);
    fork.schedule();
    return fork;
  }

  /**
   * Opens a connection.
   *
   * @param {Sink} sink
   * @param {{ addr?: string, laddr?: string, fd?: number, unix?: boolean }} [peer] as CLIENT LIST
   *   shows it
   * @returns {Connection}
   */
  connect(sink, peer = {}) {
    // Another error, so that its stack leads to who asks.
    if (this.#over) throw new EngineError(this.#over.message);
    const connection = this.#join(sink);
    const { id } = connection;
    const {
      addr = `127.0.0.1:${(id % 65535) + 1}`,
      laddr = '127.0.0.1:0',
      fd = -1,
      unix = false,
    } = peer;
    this.inbox.frame(In.OPEN, id, `${blankless(addr)} ${blankless(laddr)} ${fd} ${unix ? 1 : 0}`);
    this.schedule();
    return connection;
  }

  /**
   * Numbers a connection.
   *
   * @param {Sink} sink
   */
  #join(sink) {
    const id = ++this.#lastConn;
    const connection = new Connection(this, id, sink, () => this.#connections.delete(id));
    this.#connections.set(id, connection);
    return connection;
  }

  /**
   * Makes a connection that the engine asks for.
   *
   * @param {string} address
   * @param {number} ticket
   */
  async #dial(address, ticket) {
    const life = this.#life;
    const gone = () => this.#over !== undefined || life !== this.#life;
    this.#dialling.add(ticket);
    try {
      const { dial } = this.#setup;
      if (!dial)
        throw new Error('there are no sockets here, and redlet was opened without connect');
      const carry = await dial(address);
      this.#dialling.delete(ticket);
      carry((sink) => {
        const connection = this.#join(sink);
        if (gone()) {
          connection.close();
          enqueue(() => sink.end(this.#over ?? new EngineError('redlet: too late')));
          return connection;
        }
        this.inbox.frame(In.CONNECTED, connection.id, '', ticket);
        this.schedule();
        return connection;
      });
    } catch (error) {
      this.#dialling.delete(ticket);
      if (!gone()) this.#answer(In.DONE, messageOf(error), ticket);
    }
  }

  /** @returns {Promise<Uint8Array<ArrayBuffer>>} an RDB file */
  snapshot() {
    const image = this.#wait(this.#snapshots);
    this.inbox.frame(In.SNAPSHOT);
    return image;
  }

  /**
   * @param {Uint8Array} image
   * @returns {Promise<void>}
   */
  async restore(image) {
    const kept = image.slice();
    const restored = this.#wait(this.#restores);
    this.inbox.frame(In.RESTORE, 0, image);
    await restored;
    if (this.#setup.keep) this.#kept = kept;
  }

  /**
   * Asks for the end, as a signal asks a redis-server: what is to be saved is saved before.
   *
   * @param {'sigint' | 'sigterm'} signal
   */
  stop(signal) {
    this.inbox.frame(In.STOP, 0, signal);
    void this.schedule();
  }

  /**
   * Lets the engine take what has been sent and see what time it is.
   *
   * @returns {Promise<void>} resolves when it has
   */
  turn() {
    this.#flush();
    return this.#transport.turn();
  }

  /** Drops the engine; whatever waits is rejected. */
  close() {
    this.#end(new EngineError('redlet: the engine is closed'), false);
  }

  /** Why nothing works any more, if so. */
  get over() {
    return this.#over;
  }

  /** @param {() => void} then is called when the engine ends */
  onclose(then) {
    this.#onclose.push(then);
  }

  /** Keeps the process alive, as far as the engine has something to do, until {@link release}. */
  hold() {
    this.#holds++;
  }

  release() {
    this.#holds--;
  }

  /** Tells the transport, once a step is over: most calls are answered by then. */
  #applyHold() {
    const held = this.#holds > 0;
    if (held === this.#held || this.#over) return;
    this.#held = held;
    this.#transport.hold(held);
  }

  /**
   * Lets the engine step when the running code has ended.
   *
   * @returns {Promise<void> | undefined} resolves when it has, if that is known
   */
  schedule() {
    if (this.#scheduled) return this.#step;
    this.#scheduled = true;
    // Node's queueMicrotask takes three times as long.
    return (this.#step = resolved.then(this.#flush));
  }

  /** Lets the engine step when all that is ready has been read: one step for many sockets. */
  scheduleLater() {
    if (this.#scheduled) return;
    if (!setSoon) return void this.schedule();
    this.#scheduled = true;
    setSoon(this.#flush);
  }

  #flush = () => {
    this.#scheduled = false;
    this.#step = undefined;
    if (this.#over || this.inbox.length === 0) return;
    const { bytes, length } = this.inbox;
    this.inbox.clear();
    this.#transport.post(bytes, length, this.#life);
    this.#applyHold();
  };

  #configure() {
    const { seed, config, stopwatch } = this.#setup;
    this.inbox.frame(In.CONFIGURE, stopwatch ? 1 : 0, configuration(seed, config));
    this.schedule();
  }

  /**
   * Waits for an answer. An error is remade where V8 finds the callers: see {@link Client.ask}.
   *
   * @param {Waiter[]} queue
   * @returns {Promise<any>}
   */
  async #wait(queue) {
    if (this.#over) throw new EngineError(this.#over.message);
    const answer = new Promise((resolve, reject) => queue.push({ resolve, reject }));
    this.schedule();
    try {
      return await answer;
    } catch (error) {
      throw new EngineError(messageOf(error));
    }
  }

  /** @type {Parameters<typeof readFrames>[1]} */
  #receive = (kind, conn, ticket, bytes, from, to) => {
    if (kind === Out.DATA) this.#connections.get(conn)?.deliver(bytes, from, to);
    else if (kind === Out.HANGUP) this.#hangup(conn, bytes, from, to);
    else this.#hear(kind, ticket, bytes.subarray(from, to));
  };

  /**
   * @param {number} kind
   * @param {number} ticket
   * @param {Uint8Array} payload
   */
  #hear(kind, ticket, payload) {
    if (kind === Out.LOG) this.#log(LEVELS[ticket] ?? 'warning', decode(payload));
    else if (isVerb(kind)) void this.#verbs.carryOut(kind, ticket, payload);
    else if (kind === Out.CONNECT) void this.#dial(cutPath(payload).path, ticket);
    else if (kind === Out.CLUSTER || kind === Out.CONTROLLED || kind === Out.CONFIG)
      this.owner.take(kind, ticket, payload);
    else if (kind === Out.SNAPSHOT) this.#snapped(payload.slice());
    else if (kind === Out.RESTORED) settle(this.#restores.shift(), decode(payload));
    else if (kind === Out.CONFIGURED) this.#started(decode(payload));
    else if (kind === Out.SHUTDOWN) this.#shutdown(decode(payload));
  }

  /** @param {string} refusal */
  #started(refusal) {
    if (!this.#first && !refusal) {
      const kept = this.#kept ? 'with the last snapshot' : 'empty';
      const data = this.#setup.loads ? 'with what its files hold' : kept;
      this.#log('notice', `redlet: a new engine runs, ${data}`);
    }
    this.#booting = this.#first = false;
    if (refusal) this.#end(new EngineError(`redlet: ${refusal}`));
    else this.#configured.shift()?.resolve(undefined);
  }

  /**
   * @param {number} conn
   * @param {Uint8Array} bytes that hold its last words
   * @param {number} from
   * @param {number} to
   */
  #hangup(conn, bytes, from, to) {
    const connection = this.#connections.get(conn);
    if (!connection) return;
    this.#connections.delete(conn);
    if (to > from) connection.deliver(bytes, from, to);
    connection.end();
  }

  /** @param {Uint8Array<ArrayBuffer>} image */
  #snapped(image) {
    if (image.length === 0) {
      const none = new EngineError('redlet: there is no memory for a snapshot');
      this.#snapshots.shift()?.reject(none);
      return;
    }
    if (this.#setup.keep) this.#kept = image.slice();
    this.#snapshots.shift()?.resolve(image);
  }

  /** @type {(kind: number, payload: Uint8Array | string, ticket: number) => void} */
  #answer = (kind, payload, ticket) => {
    if (ticket > 0) {
      this.inbox.frame(kind, 0, payload, ticket);
      this.schedule();
    } else if (payload.length > 0) {
      this.#log('warning', `redlet: a file: ${String(payload)}`);
    }
  };

  /** @param {string} reason */
  #shutdown(reason) {
    this.#end(new EngineError('redlet: the engine was shut down'), false);
    const { onshutdown } = this.#setup.hooks;
    if (onshutdown) enqueue(() => onshutdown(reason));
  }

  /**
   * The guest is dead: everybody is disconnected, and the next one begins with the last snapshot.
   *
   * @param {string} why
   */
  #died(why) {
    if (this.#over) return;
    const error = new EngineError(`redlet: the engine died: ${why}`);
    this.#log('warning', error.message);
    // A guest that died before it answered was killed by its snapshot, or is no guest at all.
    if (this.#booting && (this.#first || !this.#kept)) return this.#end(error);
    if (this.#booting) this.#kept = undefined;
    this.#life++;
    this.#dialling.clear();
    this.inbox.clear();
    const disconnect = this.#detach();
    this.#booting = true;
    this.#setup.files.close();
    this.#configure();
    if (this.#kept && !this.#setup.loads) {
      this.#wait(this.#restores).catch((refusal) => this.#log('warning', refusal.message));
      this.inbox.frame(In.RESTORE, 0, this.#kept);
    }
    disconnect(error, true);
  }

  /**
   * Forgets all connections and all that waits.
   *
   * @returns {(error: Error, lost: boolean) => void} tells them why: connections that were lost
   *   fail, others just end
   */
  #detach() {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    const { waiters: orders } = this.owner;
    const waiters = [this.#configured, this.#snapshots, this.#restores, orders].flatMap((queue) =>
      queue.splice(0),
    );
    return (error, lost) => {
      for (const waiter of waiters) waiter.reject(error);
      for (const connection of connections) connection.end(lost ? error : undefined);
    };
  }

  /**
   * @param {EngineError} error
   * @param {boolean} [lost] whether that was not meant to be
   */
  #end(error, lost = true) {
    if (this.#over) return;
    this.#over = error;
    this.#transport.close();
    this.#setup.files.close();
    this.#detach()(error, lost);
    for (const then of this.#onclose.splice(0)) then();
  }

  /**
   * @param {LogLevel} level
   * @param {string} text
   */
  #log(level, text) {
    // An error of the listener's own must not stop the engine half-way through its output.
    const { onlog } = this.#setup.hooks;
    if (onlog) enqueue(() => onlog(level, text));
  }
}

/**
 * @param {Waiter | undefined} waiter
 * @param {string} refusal empty if all is well
 */
function settle(waiter, refusal) {
  if (refusal) waiter?.reject(new EngineError(`redlet: ${refusal}`));
  else waiter?.resolve(undefined);
}

const decoder = new TextDecoder();

/** @param {Uint8Array} bytes */
function decode(bytes) {
  return decoder.decode(bytes);
}

/** @param {string} address */
function blankless(address) {
  return address.replaceAll(' ', '_');
}
