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

  /** @param {Uint8Array} bytes @param {number} from @param {number} to */
  function data(bytes, from, to) {
    output.enqueue(bytes.slice(from, to));
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

/**
 * Makes connections that the engine asks for out of pairs of streams.
 *
 * @param {(address: string) => DuplexStreams | Promise<DuplexStreams>} connect
 * @returns {import('./engine.js').Dial}
 */
export function dialStreams(connect) {
  return async (address) => {
    const { readable, writable } = await connect(address);
    const reader = readable.getReader();
    const writer = writable.getWriter();
    return (open) => void carry(reader, writer, open);
  };
}

/**
 * Moves the bytes of a connection to somewhere else, until one side ends it.
 *
 * @param {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>} reader
 * @param {WritableStreamDefaultWriter<Uint8Array>} writer
 * @param {(sink: import('./connection.js').Sink) => import('./connection.js').Connection} open
 */
async function carry(reader, writer, open) {
  const ignore = () => {}; // a side that has ended cannot be ended again
  const connection = open({ data, end });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      connection.write(value);
    }
  } catch {
    // The far end is lost.
  }
  connection.close();
  writer.close().catch(ignore);

  /** @param {Uint8Array} bytes @param {number} from @param {number} to */
  function data(bytes, from, to) {
    writer.write(bytes.slice(from, to)).catch(ignore);
    if ((writer.desiredSize ?? 1) > 0) return;
    connection.cork(true);
    writer.ready.then(() => connection.cork(false), ignore);
  }

  /** @param {Error} [error] */
  function end(error) {
    (error ? writer.abort(error) : writer.close()).catch(ignore);
    reader.cancel(error).catch(ignore);
  }
}
