// What the playground's help shows for a command: the corpus plays it, this reads it.

import assert from 'node:assert/strict';
import test from 'node:test';

import { readCorpus } from './corpus/files.js';

test('examples run without an error, on keys of their own', async () => {
  const text = String((await readCorpus())['examples.txt']);
  assert.doesNotMatch(text, /^\(error\)/m);
  const lines = text.match(/^> .*/gm) ?? [];
  assert.ok(lines.length > 150);
  const bare = /^> (MULTI|EXEC|UNWATCH|PING|ECHO|WAIT|CONFIG|COMMAND|SCRIPT|FUNCTION|FCALL)\b/;
  for (const line of lines) assert.ok(bare.test(line) || /\bexample:/.test(line), line);
});
