// What the playground's help shows for a command: the corpus plays it, this reads it.

import assert from 'node:assert/strict';
import test from 'node:test';

import { whyNone } from '../playground/examples.js';
import { words as de } from '../playground/words.de.js';
import { words as en } from '../playground/words.en.js';
import { Commands } from '../src/cli/commands.js';
import { open } from '../src/node.js';
import { readCorpus } from './corpus/files.js';

test('examples run without an error, on keys of their own', async () => {
  const text = String((await readCorpus())['examples.txt']);
  assert.doesNotMatch(text, /^\(error\)/m);
  const lines = text.match(/^> .*/gm) ?? [];
  const words = [
    'MULTI|EXEC|DISCARD|UNWATCH|PING|ECHO|WAIT|CONFIG|COMMAND|SCRIPT|EVALSHA(_RO)?|FUNCTION',
    'FCALL(_RO)?|PUBSUB NUMPAT|CLIENT|SELECT|SWAPDB|ACL|SLOWLOG|LATENCY|MEMORY PURGE',
    'AUTH|RESET|ROLE|WAITAOF',
  ];
  const bare = new RegExp(`^> (${words.join('|')})\\b`);
  for (const line of lines) assert.ok(bare.test(line) || /\bexample:/.test(line), line);
});

test('every command has an example, is run as it stands, or the page says why not', async () => {
  const text = String((await readCorpus())['examples.txt']);
  const redis = await open();
  const client = redis.client();
  const commands = await Commands.of(client);
  client.close();
  redis.close();
  const lines = (text.match(/^> .*/gm) ?? []).map((line) => `${line.slice(2)} `);
  for (const command of commands.groups().flatMap((group) => commands.group(group))) {
    const { name, syntax } = command;
    if (syntax === '<subcommand>') continue; // Its page lists the subcommands.
    const why = whyNone(command);
    if (lines.some((line) => line.startsWith(`${name} `))) {
      assert.ok(why === undefined || why === 'alone', `${name} has an example: ${why}`);
    } else {
      assert.ok(why, `${name} has no example, and no reason`);
      if (why !== 'alone') for (const words of [en, de]) assert.ok(words[`help.${why}`], why);
    }
  }
});
