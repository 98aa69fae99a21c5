import assert from 'node:assert/strict';
import test from 'node:test';

import { HEADER, In, Inbox, configuration, readFrames } from '../src/abi.js';

/** @param {Uint8Array} frames */
function read(frames) {
  /** @type {[number, number, number, string][]} */
  const seen = [];
  readFrames(frames, (kind, conn, ticket, all, from, to) => {
    seen.push([kind, conn, ticket, new TextDecoder().decode(all.subarray(from, to))]);
  });
  return seen;
}

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

test('bytes of one connection that follow each other share a frame', () => {
  const inbox = new Inbox();
  inbox.frame(In.OPEN, 1, 'a b 0 0');
  inbox.data(1, bytes('PI'));
  inbox.data(1, bytes('NG'));
  inbox.data(2, bytes('x'));
  inbox.data(1, bytes('y'));
  inbox.frame(In.DONE, 0, 'full', 7);
  assert.deepEqual(read(inbox.take()), [
    [In.OPEN, 1, 0, 'a b 0 0'],
    [In.DATA, 1, 0, 'PING'],
    [In.DATA, 2, 0, 'x'],
    [In.DATA, 1, 0, 'y'],
    [In.DONE, 0, 7, 'full'],
  ]);
  assert.equal(inbox.take().length, 0);
});

test('an inbox grows, and lets go of the room of a large value', () => {
  const inbox = new Inbox();
  const large = new Uint8Array(3 << 20).fill(120);
  inbox.data(1, large);
  inbox.data(1, large);
  assert.equal(inbox.take().length, HEADER + 2 * large.length);
  assert.equal(inbox.bytes.length, 4096);
  inbox.data(3, bytes('z'));
  assert.deepEqual(read(inbox.take()), [[In.DATA, 3, 0, 'z']]);
});

test('frames that are cut off are refused', () => {
  const inbox = new Inbox();
  inbox.data(1, bytes('PING'));
  const frames = inbox.take();
  for (const size of [1, HEADER - 1, HEADER, HEADER + 3]) {
    assert.throws(() => read(frames.subarray(0, size)), RangeError);
  }
});

test('a configuration is written as redis.conf quotes', () => {
  const config = { port: 0, appendonly: false, requirepass: 'a "b" \\ ü\n', save: '' };
  const payload = configuration(new Uint8Array(32), config);
  assert.equal(
    new TextDecoder().decode(payload.subarray(32)),
    'port 0\nappendonly no\nrequirepass "a \\"b\\" \\\\ \\xc3\\xbc\\n"\nsave ""\n',
  );
  assert.throws(() => configuration(new Uint8Array(32), { 'a b': 1 }), TypeError);
});
