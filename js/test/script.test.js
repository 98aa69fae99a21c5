// Texts as they are pasted into a terminal, and what an engine's owner sees without being seen.

import assert from 'node:assert/strict';
import test from 'node:test';

import { commandLines, isRaw, readLine } from '../src/cli/script.js';
import { latin1 } from '../src/sds.js';
import { opened } from './helpers.js';

test('prompts, replies and comments are no commands', () => {
  const pasted = 'redis> SET a b\nOK\n\n127.0.0.1:6379[3](TX)> GET a\n"b"\nhost.local:7000> PING';
  assert.deepEqual(commandLines(pasted), ['SET a b', 'GET a', 'PING']);
  const script = '# a comment\nSET a 1\r\n\r\n  3 INCR a\nEVAL "return 1\n + 2" 0\nGET "open';
  const commands = ['SET a 1', '3 INCR a', 'EVAL "return 1\n + 2" 0', 'GET "open'];
  assert.deepEqual(commandLines(script), commands);
  // What no further line could mend does not swallow those that follow.
  assert.deepEqual(commandLines('SET k "a"b\nGET k'), ['SET k "a"b', 'GET k']);
});

test('a number before a command is how often it is sent', () => {
  assert.deepEqual(readLine('3 INCR x'), { words: ['INCR', 'x'], times: 3 });
  assert.deepEqual(readLine('0 INCR x'), { words: ['0', 'INCR', 'x'], times: 1 });
  assert.deepEqual(readLine('3'), { words: ['3'], times: 1 });
  assert.throws(() => readLine('GET "x'), SyntaxError);
});

test('INFO and its like are shown as they are', () => {
  assert.ok(isRaw(['INFO', 'server']) && isRaw(['client', 'LIST']) && isRaw(['MEMORY', 'DOCTOR']));
  assert.ok(!isRaw(['GET', 'info']) && !isRaw(['CLIENT', 'ID']));
});

test('an owner looks without being counted', async (t) => {
  const redis = await opened(t);
  await redis.call('SET', 'k', 'v');
  const info = () => redis.call('INFO', 'stats', 'commandstats');
  const before = String(await info()).match(/^(keyspace_\w+|cmdstat_(?!info).*)/gm);
  const { owner } = redis.engine;
  const [value, none, refused] = await owner.look(0, [
    ['GET', 'k'],
    ['HGETALL', 'none'],
    ['DEL', 'k'],
  ]);
  assert.equal(latin1(/** @type {Uint8Array} */ (value)), 'v');
  assert.deepEqual(none, new Map());
  assert.match(String(refused), /does more than look/);
  assert.deepEqual(String(await info()).match(/^(keyspace_\w+|cmdstat_(?!info).*)/gm), before);
  await assert.rejects(owner.look(99, [['GET', 'k']]), /there is no such database/);
  await assert.rejects(owner.control('script kill'), /NOTBUSY/);
});
