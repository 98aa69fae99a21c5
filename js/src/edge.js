/**
 * redlet in edge runtimes such as Next's, which take it only so.
 *
 * @module
 */

import wasm from '../redlet.wasm?module';

import { open as openWith } from './web.js';

export * from './web.js';

/** @type {typeof openWith} */
export const open = (options) => openWith({ wasm, ...options });
