/**
 * What an engine's owner has to do with it: orders, and what nodes of a cluster tell each other.
 *
 * @module
 */

import { In, Out } from './abi.js';
import { EngineError } from './errors.js';
import { NO_NODES, NO_PORTS } from './message.js';

/** The owner's end of an engine. */
export class Owner {
  #engine;
  /** @type {import('./engine.js').Waiter[]} orders that wait for their answers */
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
  control(order) {
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
   * @param {string} text
   */
  take(kind, ticket, text) {
    if (kind === Out.CLUSTER) return this.ontold(text, ticket);
    if (kind === Out.CONFIG) return ticket === 0 ? undefined : this.met(NO_PORTS, ticket);
    const waiter = this.waiters.shift();
    if (text.startsWith('+')) waiter?.resolve(text.slice(1));
    else waiter?.reject(new EngineError(`redlet: ${text.slice(1)}`));
  }

  /**
   * @param {number} kind
   * @param {string} text
   * @param {number} [ticket]
   */
  #give(kind, text, ticket) {
    if (this.#engine.over) return;
    this.#engine.inbox.frame(kind, 0, text, ticket);
    void this.#engine.schedule();
  }
}
