/**
 * What an engine's owner has to do with it: orders, and what nodes of a cluster tell each other.
 *
 * @module
 */

import { In, Inbox, Out } from './abi.js';
import { EngineError } from './errors.js';
import { NO_NODES, NO_PORTS } from './message.js';
import { Parser, encodeCommand } from './resp.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** How a good answer begins. */
const PLUS = 43;

/** The owner's end of an engine. */
export class Owner {
  #engine;
  /** @type {import('./engine.js').Waiter[]} orders that wait for their answers, in bytes */
  waiters = [];
  /**
   * Takes what the engine, a node of a cluster, tells the others; with a ticket it is for the one
   * at an address, and {@link met} says whether that is there.
   *
   * @type {(message: string, ticket: number) => void}
   */
  ontold = (_, ticket) => {
    if (ticket !== 0) this.met(NO_NODES, ticket);
  };

  /** @param {import('./engine.js').Engine} engine */
  constructor(engine) {
    this.#engine = engine;
  }

  /**
   * Gives the engine an order, in words.
   *
   * @param {string} order
   * @returns {Promise<string>} its answer
   */
  async control(order) {
    return decoder.decode(await this.#order(order));
  }

  /**
   * Runs commands that read, outside everything that counts: no key is used, hit or missed, no
   * command is called, nobody sees a connection.
   *
   * @param {number} db
   * @param {readonly (readonly import('./resp.js').Argument[])[]} commands
   * @returns {Promise<import('./resp.js').Reply[]>} their replies, strings as bytes; an error stands
   *   in its place as a ReplyError
   */
  async look(db, commands) {
    const order = new Inbox();
    const words = encoder.encode(`look ${db}\n`);
    order.reserve(words.length);
    order.bytes.set(words);
    order.length = words.length;
    for (const command of commands) encodeCommand(order, command);
    const bytes = await this.#order(order.take());
    /** @type {import('./resp.js').Reply[]} */
    const replies = [];
    const parser = new Parser();
    parser.bytes = true;
    parser.feed(bytes, (reply) => replies.push(reply));
    return replies;
  }

  /**
   * @param {string | Uint8Array} order
   * @returns {Promise<Uint8Array>}
   */
  #order(order) {
    return new Promise((resolve, reject) => {
      if (this.#engine.over) return reject(this.#engine.over);
      this.waiters.push({ resolve, reject });
      this.#give(In.CONTROL, order);
    });
  }

  /**
   * Hands the engine what another node of its cluster tells.
   *
   * @param {string} message
   */
  hear(message) {
    this.#give(In.CLUSTER, message);
  }

  /**
   * Answers the engine, which looked for a node.
   *
   * @param {string} problem why there is none, '' if there is
   * @param {number} ticket
   */
  met(problem, ticket) {
    this.#give(In.DONE, problem, ticket);
  }

  /**
   * Takes what the engine says.
   *
   * @param {number} kind
   * @param {number} ticket
   * @param {Uint8Array} payload lent for the call
   */
  take(kind, ticket, payload) {
    if (kind === Out.CLUSTER) return this.ontold(decoder.decode(payload), ticket);
    if (kind === Out.CONFIG) return ticket === 0 ? undefined : this.met(NO_PORTS, ticket);
    const waiter = this.waiters.shift();
    const answer = payload.slice(1);
    if (payload[0] === PLUS) waiter?.resolve(answer);
    else waiter?.reject(new EngineError(`redlet: ${decoder.decode(answer)}`));
  }

  /**
   * @param {number} kind
   * @param {string | Uint8Array} payload
   * @param {number} [ticket]
   */
  #give(kind, payload, ticket) {
    if (this.#engine.over) return;
    this.#engine.inbox.frame(kind, 0, payload, ticket);
    void this.#engine.schedule();
  }
}
