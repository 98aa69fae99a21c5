/**
 * What the package itself throws; what the server answers is a `ReplyError`.
 *
 * @module
 */

/** The engine is closed, or died; what waited for it is lost. */
export class EngineError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'EngineError';
  }
}
