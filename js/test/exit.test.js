import assert from 'node:assert/strict';
import test from 'node:test';

import { bin, run } from './helpers.js';

/** @type {[string, string[]][]} */
const RUNTIMES = [
  [process.execPath, []],
  [bin('bun'), ['run']],
  [bin('deno'), ['run', '-A', '--no-lock']],
];

for (const [program, args] of RUNTIMES) {
  test(`${program.split('/').at(-1)} ends when nobody waits any more`, async () => {
    const { code, output } = await run(program, [...args, 'test/exit-main.js'], {
      timeout: 60_000,
    });
    assert.equal(code, 0, output);
    assert.equal(output, 'null\n');
  });
}
