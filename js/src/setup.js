/**
 * What an engine is made of.
 *
 * @module
 */

/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {import('./connection.js').Sink} Sink */
/** @typedef {import('./engine.js').LogLevel} LogLevel */

/**
 * Makes a connection, to a host and port, that the engine asks for. What it resolves to moves the
 * bytes, once it is given what opens the engine's end.
 *
 * @typedef {(address: string) => Promise<(open: (sink: Sink) => Connection) => void>} Dial
 */

/**
 * What the engine reports.
 *
 * @typedef {object} Hooks
 * @property {((level: LogLevel, text: string) => void) | undefined} [onlog]
 * @property {((reason: string) => void) | undefined} [onshutdown]
 */

/**
 * @typedef {object} Setup
 * @property {Uint8Array} seed
 * @property {Record<string, string | number | boolean>} config
 * @property {boolean} stopwatch whether commands are timed
 * @property {Uint8Array | undefined} snapshot
 * @property {boolean} keep whether the last snapshot is kept, to come back to when the guest dies
 * @property {import('./files.js').Files} files
 * @property {boolean} loads whether an engine begins with what its files hold
 * @property {Dial | undefined} [dial] by default nobody connects
 * @property {Hooks} hooks
 */

/**
 * What a copy of an engine knows of the one that it was made of.
 *
 * @typedef {{ lastConn: number, kept: Uint8Array | undefined }} Origin
 */

export {};
