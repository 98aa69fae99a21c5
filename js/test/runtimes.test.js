// The corpus and the API in Bun and Deno, both from npm.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import test from 'node:test';

import { bin, exists, root, run } from './helpers.js';

/** Tests that need nothing but the package. */
const PORTABLE = ['abi', 'resp', 'redlet', 'clock', 'death', 'files', 'listen', 'intercept'];

/** @type {[string, string[], (files: string[]) => string[]][]} */
const RUNTIMES = [
  ['bun', ['run'], (files) => ['test', ...files.map((file) => `./${file}`)]],
  [
    'deno',
    ['run', '-A', '--no-lock'],
    (files) => ['test', '-A', '--no-check', '--no-lock', ...files],
  ],
];

for (const [name, runArgs, testArgs] of RUNTIMES) {
  test(`${name} is installed`, async () => {
    assert.ok(await exists(bin(name)), `npm did not install ${name}`);
  });

  test(`${name} plays the corpus`, async () => {
    const { code, output } = await run(bin(name), [...runArgs, 'test/corpus/main.js']);
    assert.equal(code, 0, output);
    assert.match(output, /transcripts, 0 wrong/);
  });

  test(`${name} passes the tests of the API`, async () => {
    const files = PORTABLE.map((part) => `test/${part}.test.js`);
    const { code, output } = await run(bin(name), testArgs(files));
    assert.equal(code, 0, output);
  });
}

test('every portable test exists', async () => {
  const files = await readdir(`${root}/test`);
  for (const name of PORTABLE) assert.ok(files.includes(`${name}.test.js`), name);
});
