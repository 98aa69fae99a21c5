/**
 * A connection as a pair of Web Streams.
 *
 * @module
 */

/**
 * Both directions of a connection: `writable` takes the bytes of a client, `readable` gives those
 * of the server.
 *
 * @typedef {object} DuplexStreams
 * @property {ReadableStream<Uint8Array<ArrayBuffer>>} readable
 * @property {WritableStream<Uint8Array>} writable
 */

/** How many bytes a reader may leave lying before the engine has to keep the rest. */
export const BUFFER_SIZE = 64 * 1024;

/**
 * Opens a connection as streams. A reader that does not read corks the connection; the engine then
 * keeps its output, within client-output-buffer-limit.
 *
 * @param {import('./engine.js').Engine} engine
 * @param {{ addr?: string }} [peer] as CLIENT LIST shows it
 * @returns {DuplexStreams}
 */
export function connectStreams(engine, peer) {
  /** @type {ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>} */
  let output;
  /** @type {WritableStreamDefaultController} */
  let input;
  let corked = false;
  let ended = false;

  /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */
  const readable = new ReadableStream(
    {
      start: (controller) => {
        output = controller;
      },
      pull: () => {
        if (corked) connection.cork((corked = false));
      },
      cancel: () => close(),
    },
    { highWaterMark: BUFFER_SIZE, size: (bytes) => bytes.length },
  );
  const writable = new WritableStream({
    start: (controller) => {
      input = controller;
    },
    write: (bytes) => connection.write(bytes),
    close: () => close(),
    abort: () => close(),
  });
  const connection = engine.connect({ data, end }, peer);
  engine.hold();
  return { readable, writable };

  /** @param {Uint8Array} bytes */
  function data(bytes) {
    output.enqueue(bytes.slice());
    if (corked || (output.desiredSize ?? 1) > 0) return;
    corked = true;
    connection.cork(true);
  }

  /** @param {Error} [error] */
  function end(error) {
    if (ended) return;
    ended = true;
    engine.release();
    if (error) output.error(error);
    else output.close();
    input.error(error ?? new Error('redlet: the server closed the connection'));
  }

  function close() {
    if (ended) return;
    ended = true;
    engine.release();
    connection.close();
    try {
      output.close();
    } catch {
      // The reader had cancelled.
    }
  }
}
