import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import test from 'node:test';

import { Inbox, readFrames } from '../src/abi.js';
import { Guest } from '../src/guest.js';
import { latin1 } from '../src/sds.js';

const folder = new URL('../../wasm/vectors/', import.meta.url);
const wasm = await readFile(new URL('../redlet.wasm', import.meta.url));
const module = await WebAssembly.compile(wasm);

/** @typedef {[number, number, number, ...(string | [string, number])[]]} Frame */
/**
 * A line of a vector: see wasm/vectors/README.md.
 *
 * @typedef {{ fresh?: boolean, copy?: boolean, now: number, in?: Frame[], raw?: string,
 *   grows?: boolean, status?: number, out: Frame[], deadline: number | null }} Step
 */

/** @param {Frame} frame @returns {string} a character for each byte */
function payload([, , , ...pieces]) {
  return pieces.map((piece) => (Array.isArray(piece) ? piece[0].repeat(piece[1]) : piece)).join('');
}

/** @param {Step} step */
function input(step) {
  if (step.raw !== undefined) return new Uint8Array(Buffer.from(step.raw, 'hex'));
  const inbox = new Inbox();
  for (const frame of step.in ?? []) {
    const bytes = new Uint8Array(Buffer.from(payload(frame), 'latin1'));
    inbox.frame(frame[0], frame[1], bytes, frame[2]);
  }
  return inbox.take();
}

/** @param {Guest} guest @param {Step} step */
function take(guest, step) {
  const bytes = input(step);
  const before = guest.image().size;
  if (step.status) {
    assert.throws(
      () => guest.step(bytes, bytes.length, step.now),
      new RegExp(`answered ${step.status}`),
    );
    return;
  }
  const memory = guest.step(bytes, bytes.length, step.now);
  /** @type {[number, number, number, string][]} */
  const seen = [];
  readFrames(
    memory,
    (kind, conn, ticket, all, from, to) =>
      seen.push([kind, conn, ticket, latin1(all.subarray(from, to))]),
    guest.from,
    guest.to,
  );
  assert.deepEqual(
    seen,
    step.out.map((frame) => [frame[0], frame[1], frame[2], payload(frame)]),
  );
  assert.equal(guest.deadline, step.deadline ?? Infinity);
  if (step.grows) assert.ok(guest.image().size > before, 'the memory did not grow');
}

for (const name of (await readdir(folder)).filter((file) => file.endsWith('.jsonl'))) {
  test(`vector ${name}`, async () => {
    const lines = (await readFile(new URL(name, folder), 'utf8')).trimEnd().split('\n');
    /** @type {Guest | undefined} */
    let guest;
    for (const line of lines) {
      /** @type {Step} */
      const step = JSON.parse(line);
      if (step.copy) guest = await Guest.start(module, undefined, guest?.image());
      else if (!guest || step.fresh) guest = await Guest.start(module);
      take(guest, step);
    }
  });
}
