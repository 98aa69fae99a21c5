/**
 * One guest for several engines: each has its own numbers for its connections.
 *
 * @module
 */

import { In, Inbox, Out, readFrames } from './abi.js';
import { NO_NODES, NO_PORTS } from './message.js';
import { enqueue } from './time.js';

/** @typedef {import('./host.js').Listener} Listener */
/** @typedef {import('./host.js').Transport} Transport */

/**
 * What an engine is told, as a worker tells its page.
 *
 * @typedef {{ output: Uint8Array<ArrayBuffer> } | { died: string } | { failed: string } |
 *   { turned: true }} Message
 */

/** One engine's share of the guest. */
class Session {
  /** The guest's numbers for the connections, by the engine's, and the other way round. */
  /** @type {Map<number, number>} */
  numbers = new Map();
  output = new Inbox();
  send;

  /** @param {(message: Message) => void} send */
  constructor(send) {
    this.send = send;
  }

  /** Sends what has been gathered. */
  flush() {
    if (this.output.length === 0) return;
    this.send({ output: this.output.take().slice() });
  }
}

/** The guest's owner. */
export class Hub {
  #transport;
  /** @type {Set<Session>} */
  #sessions = new Set();
  /** @type {Map<number, { session: Session, conn: number }>} by the guest's number */
  #connections = new Map();
  #last = 0;
  #life = 1;
  #inbox = new Inbox();
  /** @type {'no' | 'asked' | 'yes'} whether the guest has taken a configuration in this life */
  #configured = /** @type {'no' | 'asked' | 'yes'} */ ('no');
  /** @type {Session[]} those that wait for it */
  #configuring = [];
  /** @type {Session[]} those that wait for a snapshot */
  #snapshots = [];
  /** @type {Session[]} */
  #restores = [];
  /** @type {Session[]} those whose orders wait for an answer */
  #orders = [];

  /** @param {(listener: Listener) => Transport} start */
  constructor(start) {
    this.#transport = start({
      output: (bytes, from, to) => {
        readFrames(bytes, this.#receive, from, to);
        for (const session of this.#sessions) session.flush();
      },
      died: (why) => this.#died(why),
      failed: (why) => this.#tellAll({ failed: why }),
    });
  }

  /**
   * Lets an engine take part.
   *
   * @param {(message: Message) => void} send
   */
  join(send) {
    const session = new Session(send);
    this.#sessions.add(session);
    return {
      /** @param {Uint8Array} frames */
      receive: (frames) => readFrames(frames, this.#taking(session)),
      turn: () => void this.#transport.turn().then(() => session.send({ turned: true })),
      leave: () => this.#leave(session),
    };
  }

  /**
   * What hands the frames of an engine on to the guest.
   *
   * @param {Session} session
   * @returns {Parameters<typeof readFrames>[1]}
   */
  #taking(session) {
    return (kind, conn, ticket, bytes, from, to) => {
      const payload = bytes.subarray(from, to);
      if (kind === In.CONFIGURE) return this.#configure(session, conn, payload, ticket);
      if (kind === In.SNAPSHOT) this.#snapshots.push(session);
      if (kind === In.RESTORE) this.#restores.push(session);
      if (kind === In.CONTROL) this.#orders.push(session);
      let number = 0;
      if (kind === In.OPEN) {
        number = ++this.#last;
        session.numbers.set(conn, number);
        this.#connections.set(number, { session, conn });
      } else if (conn !== 0) {
        number = session.numbers.get(conn) ?? 0;
        if (number === 0) return; // it was hung up meanwhile
        if (kind === In.CLOSE) this.#forget(number);
      }
      this.#post(kind, number, payload, ticket);
    };
  }

  /**
   * The first configuration is the guest's; who comes later takes it as it is.
   *
   * @param {Session} session
   * @param {number} conn
   * @param {Uint8Array} payload
   * @param {number} ticket
   */
  #configure(session, conn, payload, ticket) {
    if (this.#configured === 'yes') {
      session.output.frame(Out.CONFIGURED);
      return enqueue(() => session.flush());
    }
    this.#configuring.push(session);
    if (this.#configured === 'asked') return;
    this.#configured = 'asked';
    this.#post(In.CONFIGURE, conn, payload, ticket);
  }

  /** @type {Parameters<typeof readFrames>[1]} */
  #receive = (kind, number, ticket, bytes, from, to) => {
    const payload = bytes.subarray(from, to);
    const known = this.#connections.get(number);
    if (known) {
      known.session.output.frame(kind, known.conn, payload, ticket);
      if (kind === Out.HANGUP) this.#forget(number);
    } else if (kind === Out.CONFIGURED) {
      this.#configured = payload.length === 0 ? 'yes' : 'no';
      for (const session of this.#configuring.splice(0)) session.output.frame(kind, 0, payload);
    } else if (kind === Out.SNAPSHOT) {
      this.#snapshots.shift()?.output.frame(kind, 0, payload, ticket);
    } else if (kind === Out.RESTORED) {
      this.#restores.shift()?.output.frame(kind, 0, payload, ticket);
    } else if (kind === Out.CONTROLLED) {
      this.#orders.shift()?.output.frame(kind, 0, payload, ticket);
    } else if (kind === Out.CONNECT) {
      this.#post(In.DONE, 0, 'there are no sockets here', ticket);
    } else if (kind === Out.CLUSTER && ticket !== 0) {
      this.#post(In.DONE, 0, NO_NODES, ticket);
    } else if (kind === Out.CONFIG && ticket !== 0) {
      this.#post(In.DONE, 0, NO_PORTS, ticket);
    } else if (kind === Out.LOG || kind === Out.SHUTDOWN) {
      for (const session of this.#sessions) session.output.frame(kind, 0, payload, ticket);
    }
  };

  /**
   * @param {number} kind
   * @param {number} number
   * @param {Uint8Array | string} payload
   * @param {number} ticket
   */
  #post(kind, number, payload, ticket) {
    if (this.#inbox.length === 0) enqueue(this.#flush);
    this.#inbox.frame(kind, number, payload, ticket);
  }

  #flush = () => {
    const { bytes, length } = this.#inbox;
    this.#inbox.clear();
    if (length > 0) this.#transport.post(bytes, length, this.#life);
  };

  /** @param {number} number */
  #forget(number) {
    const known = this.#connections.get(number);
    this.#connections.delete(number);
    known?.session.numbers.delete(known.conn);
  }

  /** @param {Session} session */
  #leave(session) {
    this.#sessions.delete(session);
    session.send = () => {};
    for (const number of session.numbers.values()) {
      this.#connections.delete(number);
      this.#post(In.CLOSE, number, '', 0);
    }
  }

  /** @param {string} why */
  #died(why) {
    this.#life++;
    this.#inbox.clear();
    this.#connections.clear();
    this.#configured = 'no';
    const waiting = [this.#configuring, this.#snapshots, this.#restores, this.#orders];
    for (const list of waiting) list.length = 0;
    for (const session of this.#sessions) session.numbers.clear();
    this.#tellAll({ died: why });
  }

  /** @param {Message} message */
  #tellAll(message) {
    for (const session of this.#sessions) session.send(message);
  }
}
