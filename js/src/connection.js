/**
 * A connection to the engine.
 *
 * @module
 */

import { In } from './abi.js';
import { enqueue } from './time.js';

/**
 * The far end of a connection: where the engine's bytes go.
 *
 * @typedef {object} Sink
 * @property {(bytes: Uint8Array, from: number, to: number) => void} data gets output, and where in
 *   the bytes it is, lent for the call
 * @property {(error?: Error) => void} end no more will come: the engine has closed the connection,
 *   or, with an error, is gone
 */

/** One client's connection to the engine. After the sink's end nothing more has an effect. */
export class Connection {
  #engine;
  #forget;
  #open = true;
  /** Its number, which CLIENT ID reports. */
  id;
  sink;

  /**
   * @param {import('./engine.js').Engine} engine
   * @param {number} id
   * @param {Sink} sink
   * @param {() => void} forget
   */
  constructor(engine, id, sink, forget) {
    this.#engine = engine;
    this.#forget = forget;
    this.id = id;
    this.sink = sink;
  }

  /**
   * Sends bytes to the engine.
   *
   * @param {Uint8Array} bytes copied
   */
  write(bytes) {
    if (!this.#open) return;
    this.#engine.inbox.data(this.id, bytes);
    this.#engine.schedule();
  }

  /**
   * Sends bytes together with those of the other sockets that are ready.
   *
   * @param {Uint8Array} bytes copied
   */
  writeLater(bytes) {
    if (!this.#open) return;
    this.#engine.inbox.data(this.id, bytes);
    this.#engine.scheduleLater();
  }

  /**
   * Says whether the peer takes no output now. It then stays in the engine, which counts it against
   * client-output-buffer-limit.
   *
   * @param {boolean} on
   */
  cork(on) {
    if (!this.#open) return;
    this.#engine.inbox.frame(on ? In.CORK : In.UNCORK, this.id);
    this.#engine.schedule();
  }

  /** Tells the engine that the peer has gone. The sink hears nothing more. */
  close() {
    if (!this.#open) return;
    this.#open = false;
    this.#forget();
    if (this.#engine.over) return;
    this.#engine.inbox.frame(In.CLOSE, this.id);
    this.#engine.schedule();
  }

  /**
   * Called by the engine with output. What a listener throws must not stop the engine half-way
   * through the output of others: it is thrown later.
   *
   * @param {Uint8Array} bytes lent for the call
   * @param {number} from where in them the output begins
   * @param {number} to where it ends
   */
  deliver(bytes, from, to) {
    try {
      this.sink.data(bytes, from, to);
    } catch (error) {
      enqueue(() => {
        throw error;
      });
    }
  }

  /**
   * Called by the engine when it has forgotten the connection.
   *
   * @param {Error} [error]
   */
  end(error) {
    this.#open = false;
    this.sink.end(error);
  }
}
