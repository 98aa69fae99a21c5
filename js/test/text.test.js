import assert from 'node:assert/strict';
import test from 'node:test';

import { text } from '../src/text.js';

test('bytes are read the same with and without a Buffer', async () => {
  const { Buffer } = globalThis;
  Reflect.deleteProperty(globalThis, 'Buffer');
  const bare = await import(`../src/${'text.js?bare'}`).finally(() => {
    globalThis.Buffer = Buffer;
  });
  const samples = [
    '',
    'a',
    'eight by',
    'nine byte',
    'x'.repeat(24),
    'x'.repeat(25),
    'grüße',
    '\ufeffa',
  ];
  for (const sample of samples) {
    const bytes = new TextEncoder().encode(`<${sample}>`);
    for (const read of [text, bare.text]) assert.equal(read(bytes, 1, bytes.length - 1), sample);
  }
  for (let i = 0; i < 2000; i++) {
    const byte = (/** @type {number} */ j) =>
      (i * 31 + j * 17) % 10 < 9 ? 97 : (128 + i + j) & 255;
    const bytes = Uint8Array.from({ length: i % 40 }, (_, j) => byte(j));
    assert.equal(text(bytes, 0, bytes.length), bare.text(bytes, 0, bytes.length), String(bytes));
  }
});
