// The examples of the README run, and print what they say.

import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';

import { root, run } from './helpers.js';

const text = await readFile(join(root, 'README.md'), 'utf8');
const examples = [...text.matchAll(/^```js\n(.*?)^```$/gms)]
  .map((match) => String(match[1]))
  .filter((code) => code.includes('redis.close()'));

test('there are examples', () => assert.ok(examples.length >= 8));

for (const [i, code] of examples.entries()) {
  test(`example ${i + 1} of the README`, async (t) => {
    // Within the package its own name resolves to itself.
    const file = join(root, `test/.readme-example-${i}.mjs`);
    t.after(() => rm(file));
    await writeFile(file, code);
    const { code: exit, output } = await run(process.execPath, [file], { timeout: 20_000 });
    assert.equal(exit, 0, output);
    const printed = [...code.matchAll(/\); \/\/ (.*)$/gm)]
      .map((match) => String(match[1]))
      .filter((comment, at) => at >= 0 && !/^(frozen there|an RDB file)/.test(comment));
    assert.equal(output.trim(), printed.join('\n'));
  });
}
