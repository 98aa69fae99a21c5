/**
 * redlet in workerd, which takes WebAssembly as an import alone.
 *
 * @module
 */

import wasm from '../redlet.wasm';

import { open as openWith } from './web.js';

export * from './web.js';

/** @type {typeof openWith} */
export const open = (options) => openWith({ wasm, ...options });
