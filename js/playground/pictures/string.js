/**
 * Strings: text, bytes, bits, and the registers of a HyperLogLog.
 *
 * @module
 */

import { h } from '../dom.js';
import { show } from '../text.js';
import { t } from '../words.js';
import { caption, cell, typed } from './parts.js';

/** How many bytes are drawn one by one. */
const BYTES = 256;
/** How many registers a HyperLogLog has. */
const REGISTERS = 16_384;

/** @param {Uint8Array | null} value */
export function isHyperLogLog(value) {
  return value !== null && String.fromCharCode(...value.subarray(0, 4)) === 'HYLL';
}

/** @param {import('./pictures.js').Subject} subject */
export function string({ key, view, first, propose }) {
  const [size, value] = /** @type {[number, Uint8Array]} */ (first);
  if (view === 'registers') return registers(value);
  if (view === 'text') {
    const change = () => propose(`SET ${key} ${typed(value)} KEEPTTL`);
    return h('div', {}, cell('all', value, change, 'wide'), said(value));
  }
  const drawn = value.subarray(0, view === 'bits' ? BYTES / 4 : BYTES);
  const grid = h(view === 'bits' ? 'div.bits' : 'div.bytes', {});
  drawn.forEach((byte, i) => {
    if (view === 'bytes') {
      const set = () => propose(`SETRANGE ${key} ${i} ${typed(Uint8Array.of(byte))}`);
      grid.append(cell(`b${i}`, byte.toString(16).padStart(2, '0'), set, 'byte'));
      return;
    }
    for (let bit = 0; bit < 8; bit++) {
      const on = (byte >> (7 - bit)) & 1;
      const offset = 8 * i + bit;
      grid.append(
        h('button', {
          type: 'button',
          class: on ? 'bit on' : 'bit',
          title: `${offset}`,
          'aria-label': t('look.bit', { offset, on }),
          onclick: () => propose(`SETBIT ${key} ${offset} ${1 - on}`),
        }),
      );
    }
  });
  return h('div', {}, grid, caption(t('look.length', { n: size }), drawn.length, size));
}

/** @param {Uint8Array} value */
function said(value) {
  const text = show(value);
  if (/^-?\d{1,19}$/.test(text)) return h('p.small.muted', {}, t('look.number'));
  return h('p.small.muted', {}, t('look.length', { n: value.length }));
}

/** @param {Uint8Array} value */
function registers(value) {
  const all = value[4] === 0 ? dense(value) : sparse(value);
  const canvas = /** @type {HTMLCanvasElement} */ (
    h('canvas.registers', {
      width: 128,
      height: 128,
      role: 'img',
      'aria-label': t('look.registers'),
    })
  );
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--accent');
  const used = all.filter((register) => register > 0).length;
  // Few are drawn so that they are seen.
  const side = used < 500 ? 3 : 1;
  all.forEach((register, i) => {
    if (register === 0) return;
    pen.globalAlpha = Math.min(1, 0.3 + register / 14);
    pen.fillRect(i % 128, Math.floor(i / 128), side, side);
  });
  const kept = value[4] === 0 ? 'dense' : 'sparse';
  return h(
    'div',
    {},
    canvas,
    h('p.small.muted', {}, t('look.used', { used, all: REGISTERS, kept })),
  );
}

/**
 * Registers of 6 bits, the lowest first.
 *
 * @param {Uint8Array} value
 */
function dense(value) {
  const all = new Uint8Array(REGISTERS);
  for (let i = 0; i < REGISTERS; i++) {
    const at = 16 + Math.floor((i * 6) / 8);
    const shift = (i * 6) % 8;
    const two = (value[at] ?? 0) | ((value[at + 1] ?? 0) << 8);
    all[i] = (two >> shift) & 63;
  }
  return all;
}

/**
 * Runs: `00nnnnnn` of zeros, `01nnnnnn nnnnnnnn` of more of them, `1vvvvvnn` of a value.
 *
 * @param {Uint8Array} value
 */
function sparse(value) {
  const all = new Uint8Array(REGISTERS);
  let at = 16;
  for (let i = 0; i < REGISTERS && at < value.length;) {
    const code = value[at++] ?? 0;
    if (code & 0x80) {
      const run = (code & 3) + 1;
      all.fill(((code >> 2) & 31) + 1, i, i + run);
      i += run;
    } else if (code & 0x40) {
      i += (((code & 63) << 8) | (value[at++] ?? 0)) + 1;
    } else {
      i += (code & 63) + 1;
    }
  }
  return all;
}
