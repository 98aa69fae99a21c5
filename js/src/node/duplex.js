/**
 * A connection as a node:stream Duplex.
 *
 * @module
 */

import { Duplex } from 'node:stream';

import { clearTimer, setTimer } from '../time.js';

/**
 * A connection to the engine that passes for a connected `net.Socket`: what a socket only tells the
 * system (`setNoDelay`, `setKeepAlive`) has no effect here.
 */
export class EngineDuplex extends Duplex {
  /** It is connected from the start. */
  connecting = false;
  remoteAddress = '127.0.0.1';
  remotePort = 0;
  #engine;
  #connection;
  #corked = false;
  #ended = false;
  /** @type {any} */
  #idle;
  #idleMs = 0;

  /**
   * @param {import('../engine.js').Engine} engine
   * @param {{ addr?: string }} [peer]
   */
  constructor(engine, peer) {
    super({ autoDestroy: true, emitClose: true });
    this.#engine = engine;
    this.#connection = engine.connect(
      {
        data: (bytes, from, to) => this.#data(bytes.subarray(from, to)),
        end: (error) => this.#end(error),
      },
      peer,
    );
    engine.hold();
  }

  /** @override */
  _read() {
    if (!this.#corked) return;
    this.#corked = false;
    this.#connection.cork(false);
  }

  /**
   * @override
   * @param {Uint8Array} chunk
   * @param {string} _encoding
   * @param {() => void} done
   */
  _write(chunk, _encoding, done) {
    this.#connection.write(chunk);
    this.#touch();
    done();
  }

  /**
   * @override
   * @param {() => void} done
   */
  _final(done) {
    this.#connection.close();
    this.#release();
    this.push(null);
    done();
  }

  /**
   * @override
   * @param {Error | null} error
   * @param {(error: Error | null) => void} done
   */
  _destroy(error, done) {
    clearTimer(this.#idle);
    this.#connection.close();
    this.#release();
    done(error);
  }

  /** Has no effect: there is no delay. */
  setNoDelay() {
    return this;
  }

  /** Has no effect: there is no peer to lose. */
  setKeepAlive() {
    return this;
  }

  /**
   * As a socket's: emits `timeout` after some time without traffic.
   *
   * @param {number} ms 0 for never
   * @param {() => void} [listener]
   */
  setTimeout(ms, listener) {
    this.#idleMs = ms;
    if (listener) this.once('timeout', listener);
    this.#touch();
    return this;
  }

  /** Has no effect: the engine's timer holds the process while the stream is open. */
  ref() {
    return this;
  }

  /** Has no effect, see {@link ref}. */
  unref() {
    return this;
  }

  #touch() {
    clearTimer(this.#idle);
    if (this.#idleMs === 0 || this.#ended) return;
    this.#idle = setTimer(() => this.emit('timeout'), this.#idleMs);
    this.#idle.unref?.();
  }

  /** @param {Uint8Array} bytes */
  #data(bytes) {
    this.#touch();
    if (this.push(Buffer.from(bytes)) || this.#corked) return;
    this.#corked = true;
    this.#connection.cork(true);
  }

  /** @param {Error} [error] */
  #end(error) {
    this.#release();
    if (error) return void this.destroy(error);
    this.push(null);
    this.end();
  }

  #release() {
    if (!this.#ended) this.#engine.release();
    this.#ended = true;
  }
}
