// A script that never ends, in the thread in which the test runs too.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { open } from '../src/node.js';
import { EXPECTED, runaway } from './corpus/runaway.js';

test('a runaway script leaves the thread to others, and is killed', async () => {
  assert.deepEqual(await runaway(open), EXPECTED);
});
