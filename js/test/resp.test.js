import assert from 'node:assert/strict';
import test from 'node:test';

import { HEADER, Inbox } from '../src/abi.js';
import { Parser, ReplyError, checkArguments, encodeCommand } from '../src/resp.js';

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

/**
 * @param {readonly import('../src/resp.js').Argument[]} args
 * @returns {string}
 */
function encoded(args) {
  const inbox = new Inbox();
  inbox.begin(1);
  encodeCommand(inbox, args);
  inbox.end();
  return new TextDecoder().decode(inbox.take().subarray(HEADER));
}

/**
 * @param {string | Uint8Array} stream
 * @param {number} [cut] size of the pieces it comes in
 * @param {boolean} [asBytes]
 */
function parsed(stream, cut = 1e9, asBytes = false) {
  const source = typeof stream === 'string' ? bytes(stream) : stream;
  const parser = new Parser();
  parser.bytes = asBytes;
  /** @type {any[]} */
  const replies = [];
  for (let at = 0; at < source.length; at += cut) {
    parser.feed(source.slice(at, at + cut), (reply) => replies.push(reply));
  }
  return replies;
}

test('commands are arrays of bulk strings', () => {
  assert.equal(encoded(['GET', 'k']), '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n');
  assert.equal(encoded(['SET', 'ü', 1.5]), '*3\r\n$3\r\nSET\r\n$2\r\nü\r\n$3\r\n1.5\r\n');
  assert.equal(encoded([bytes('x'), 10n]), '*2\r\n$1\r\nx\r\n$2\r\n10\r\n');
  const long = 'é'.repeat(5000);
  assert.equal(encoded([long]), `*1\r\n$10000\r\n${long}\r\n`);
  assert.equal(encoded(Array(12).fill('a')), `*12\r\n${'$1\r\na\r\n'.repeat(12)}`);
  assert.equal(encoded(['']), '*1\r\n$0\r\n\r\n');
});

test('what is no argument is refused', () => {
  for (const wrong of [undefined, null, true, {}, [], () => 1, Symbol('x')]) {
    assert.throws(() => checkArguments(['GET', wrong]), /an argument must be/);
  }
  assert.throws(() => encoded([]), TypeError);
});

const STREAM =
  '+OK\r\n-ERR no\r\n:42\r\n:9007199254740993\r\n$5\r\nhello\r\n$0\r\n\r\n$-1\r\n*-1\r\n' +
  '*3\r\n:1\r\n*1\r\n+a\r\n$-1\r\n*0\r\n%2\r\n+a\r\n:1\r\n$1\r\nb\r\n*0\r\n' +
  '~2\r\n:1\r\n:2\r\n_\r\n' +
  ',1.5\r\n,inf\r\n,-inf\r\n,nan\r\n#t\r\n#f\r\n(123456789012345678901\r\n=7\r\ntxt:abc\r\n' +
  '!8\r\nERR long\r\n|1\r\n+k\r\n+v\r\n:7\r\n$4\r\n\r\n\r\n\r\n';
const REPLIES = [
  'OK',
  new ReplyError('ERR no'),
  42,
  9007199254740993n,
  'hello',
  '',
  null,
  null,
  [1, ['a'], null],
  [],
  new Map(
    /** @type {[any, any][]} */ ([
      ['a', 1],
      ['b', []],
    ]),
  ),
  new Set([1, 2]),
  null,
  1.5,
  Infinity,
  -Infinity,
  NaN,
  true,
  false,
  123456789012345678901n,
  'abc',
  new ReplyError('ERR long'),
  7,
  '\r\n\r\n',
];

test('every type of RESP2 and RESP3 is parsed', () => {
  assert.deepEqual(parsed(STREAM), REPLIES);
});

test('replies may be cut anywhere', () => {
  for (const cut of [1, 2, 3, 7, 19]) assert.deepEqual(parsed(STREAM, cut), REPLIES);
});

test('strings are text, or bytes', () => {
  const wild = Uint8Array.of(36, 50, 13, 10, 255, 254, 13, 10);
  assert.deepEqual(parsed(wild), ['\ufffd\ufffd']);
  assert.deepEqual(parsed(wild, 1, true), [Uint8Array.of(255, 254)]);
  assert.deepEqual(parsed('$3\r\n\ufeff\r\n'), ['\ufeff']);
  assert.deepEqual(parsed('+OK\r\n', 9, true), ['OK']);
});

test('pushes are told apart', () => {
  /** @type {[any, boolean][]} */
  const seen = [];
  new Parser().feed(bytes('>1\r\n+a\r\n*1\r\n+b\r\n'), (...args) => void seen.push(args));
  assert.deepEqual(seen, [
    [['a'], true],
    [['b'], false],
  ]);
});

test('an error has a code', () => {
  const error = new ReplyError('WRONGTYPE Operation against a key');
  assert.equal(error.code, 'WRONGTYPE');
  assert.equal(new ReplyError('').code, '');
});

test('garbage is refused', () => {
  assert.throws(() => parsed('hello\r\n'), SyntaxError);
});

test('a large array that comes in pieces is parsed', () => {
  const stream = `*20000\r\n${'$3\r\nabc\r\n'.repeat(20000)}`;
  assert.equal(parsed(stream, 16384)[0].length, 20000);
});
