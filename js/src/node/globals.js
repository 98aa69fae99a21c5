/**
 * For the CommonJS build: what Node has and the environment of a test that plays a page may not.
 *
 * @module
 */

import * as streams from 'node:stream/web';
import * as util from 'node:util';

export const TextEncoder = globalThis.TextEncoder ?? util.TextEncoder;
export const TextDecoder = globalThis.TextDecoder ?? util.TextDecoder;
export const ReadableStream = globalThis.ReadableStream ?? streams.ReadableStream;
export const WritableStream = globalThis.WritableStream ?? streams.WritableStream;
