/**
 * Every set-up.
 *
 * @module
 */

import { bundlers } from './bundlers.js';
import { frameworks } from './frameworks.js';
import { runners } from './runners.js';
import { types } from './types.js';

/** @type {import('./setup.js').SetUp[]} */
export const setUps = [...runners, ...types, ...bundlers, ...frameworks];

/** @param {import('./setup.js').SetUp} setUp */
export function titleOf({ group, name }) {
  return `${group}: ${name}`;
}
