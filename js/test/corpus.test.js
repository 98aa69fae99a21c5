import assert from 'node:assert/strict';
import test from 'node:test';

import { open } from '../src/node.js';
import { readCorpus } from './corpus/files.js';
import { runCorpus } from './corpus/run.js';

const corpus = await readCorpus();

test('there is a corpus', () => assert.ok(Object.keys(corpus).length > 1));

for (const [name, text] of Object.entries(corpus)) {
  test(`transcript ${name}`, async () => {
    for (const { wrong } of await runCorpus(open, { [name]: text })) assert.equal(wrong, '');
  });
}
