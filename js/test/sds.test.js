// Words are cut and quoted as Go does it: internal/sds has the cases.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { repr, splitArgs } from '../src/sds.js';

const file = new URL('../../internal/sds/testdata/words.json', import.meta.url);
/** @type {{ split: [string, string[] | null][], repr: [string, string][] }} */
const cases = JSON.parse(await readFile(file, 'utf8'));

test('lines are cut into words', () => {
  for (const [line, words] of cases.split) {
    if (words) assert.deepEqual(splitArgs(line), words, line);
    else assert.throws(() => splitArgs(line), SyntaxError, line);
  }
});

test('words are quoted, and read back', () => {
  for (const [text, quoted] of cases.repr) assert.equal(repr(text), quoted);
  const all = String.fromCharCode(...Array(256).keys());
  for (const word of ['', 'plain', 'a b', '"\\', all])
    assert.deepEqual(splitArgs(repr(word)), [word]);
});
