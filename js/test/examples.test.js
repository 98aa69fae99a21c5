// What the playground's help shows for a command: the corpus plays it, this reads it.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Commands } from '../src/cli/commands.js';
import { open } from '../src/node.js';
import { readCorpus } from './corpus/files.js';

/** Of the others many act on the server as a whole, or answer otherwise each time. */
const GROUPS = [
  'string',
  'bitmap',
  'list',
  'hash',
  'set',
  'sorted-set',
  'stream',
  'geo',
  'hyperloglog',
  'generic',
  'scripting',
  'transactions',
];

/** What would end, wait or be answered otherwise, and what is for those who test the server. */
const WITHOUT = [
  'XINFO CONSUMERS',
  'PFDEBUG',
  'PFSELFTEST',
  'RANDOMKEY',
  'OBJECT FREQ',
  'WAITAOF',
  'MIGRATE',
  'SCRIPT DEBUG',
  'SCRIPT FLUSH',
  'SCRIPT KILL',
  'FUNCTION DUMP',
  'FUNCTION FLUSH',
  'FUNCTION KILL',
  'FUNCTION RESTORE',
  'FUNCTION STATS',
];

test('examples run without an error, on keys of their own', async () => {
  const text = String((await readCorpus())['examples.txt']);
  assert.doesNotMatch(text, /^\(error\)/m);
  const lines = text.match(/^> .*/gm) ?? [];
  const words = [
    'MULTI|EXEC|DISCARD|UNWATCH|PING|ECHO|WAIT|CONFIG|COMMAND|SCRIPT|EVALSHA(_RO)?|FUNCTION',
    'FCALL(_RO)?|PUBSUB NUMPAT|CLIENT|SELECT|SWAPDB|ACL WHOAMI|SLOWLOG|LATENCY|MEMORY PURGE',
  ];
  const bare = new RegExp(`^> (${words.join('|')})\\b`);
  for (const line of lines) assert.ok(bare.test(line) || /\bexample:/.test(line), line);
});

test('every command that works on data has an example', async () => {
  const text = String((await readCorpus())['examples.txt']);
  const redis = await open();
  const client = redis.client();
  const commands = await Commands.of(client);
  client.close();
  redis.close();
  const lines = (text.match(/^> .*/gm) ?? []).map((line) => `${line.slice(2)} `);
  const lacking = GROUPS.flatMap((group) => commands.group(group))
    .map(({ name, syntax }) => (syntax === '<subcommand>' ? '' : name))
    .filter((name) => name !== '' && !name.endsWith(' HELP'))
    .filter((name) => !lines.some((line) => line.startsWith(`${name} `)));
  assert.deepEqual(lacking, WITHOUT);
});
