// JSON and CSV of replies, beside those of redis-cli 8 where that is installed.

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import test from 'node:test';

import { open } from '../src/node.js';
import { csv, json } from '../src/cli/output.js';
import { parseReply } from '../src/cli/reply.js';
import { request } from '../src/cli/request.js';
import { isRaw } from '../src/cli/script.js';
import { latin1 } from '../src/sds.js';
import { exists, run } from './helpers.js';

/** @type {[reply: string, json: string, csv: string][]} */
const REPLIES = [
  ['+OK\r\n', '"OK"', '"OK"'],
  ['-ERR no "such"\r\n', 'error:"ERR no \\"such\\""', 'ERROR,"ERR no \\"such\\""'],
  ['$-1\r\n', 'null', 'NULL'],
  ['*-1\r\n', 'null', 'NULL'],
  ['_\r\n', 'null', 'NULL'],
  ['*0\r\n', '[]', ''],
  ['%0\r\n', '{}', ''],
  [':-7\r\n', '-7', '-7'],
  [',1.5\r\n', '1.5', '1.5'],
  ['#t\r\n', 'true', 'true'],
  ['$6\r\n\x7f\x1f\b\f\t/\r\n', '"\x7f\\u001f\\b\\f\\t/"', '"\\x7f\\x1f\\b\\x0c\\t/"'],
  ['%2\r\n$1\r\na\r\n:1\r\n:2\r\n#f\r\n', '{"a":1,"2":false}', '"a",1,2,false'],
  ['*2\r\n$1\r\n0\r\n*0\r\n', '["0",[]]', '"0",'],
  ['=8\r\ntxt:a\nbc\r\n', '"a\\nbc"', '"a\\nbc"'],
  ['~1\r\n$3\r\n\xc3\xa9"\r\n', '["\xc3\xa9\\""]', '"\\xc3\\xa9\\""'],
];

test('replies as JSON and CSV', () => {
  for (const [bytes, asJson, asCsv] of REPLIES) {
    const parsed = parseReply(bytes);
    assert.ok(parsed, bytes);
    assert.equal(json(parsed.reply), asJson, bytes);
    assert.equal(csv(parsed.reply), asCsv, bytes);
  }
});

const COMMANDS = [
  ['HSET', 'h', 'a', '1', 'b', 'x"\n\t\\\x01é'],
  ['HGETALL', 'h'],
  ['ZADD', 'z', '1.5', 'a', '2', 'b', 'inf', 'c'],
  ['ZRANGE', 'z', '0', '-1', 'WITHSCORES'],
  ['XADD', 's', '1-1', 'f', 'v'],
  ['XRANGE', 's', '-', '+'],
  ['XREAD', 'STREAMS', 's', '0'],
  ['XINFO', 'STREAM', 's'],
  ['GET', 'none'],
  ['GET', 'h'],
  ['SMEMBERS', 'none'],
  ['CONFIG', 'GET', 'maxmemory*'],
  ['COMMAND', 'DOCS', 'zadd'],
  ['COMMAND', 'INFO', 'get'],
  ['GEOPOS', 'z', 'a', 'none'],
  ['EVAL', 'return {1, false, {err = "BAD x"}, {ok = "fine"}, {{}, {2}}}', '0'],
  ['EVAL', 'redis.setresp(3) return {map = {["1"] = {double = 1e300}, x = true}}', '0'],
  ['CLIENT', 'GETNAME'],
  ['INFO', 'keyspace'],
];

const { REDLET_REFERENCE = '' } = process.env;
const cli = join(dirname(REDLET_REFERENCE), 'redis-cli');
const skip =
  REDLET_REFERENCE && (await exists(cli)) ? false : 'redis-cli 8 is missing: see REDLET_REFERENCE';

test('redis-cli prints them so', { skip }, async (t) => {
  const redis = await open();
  t.after(() => redis.close());
  const server = await redis.listen();
  for (const resp of ['2', '3']) {
    const { readable, writable } = redis.connect();
    const [writer, reader] = [writable.getWriter(), readable.getReader()];
    const ask = async (/** @type {string[]} */ words) => {
      await writer.write(request(words.map((word) => latin1(new TextEncoder().encode(word)))));
      for (let text = ''; ;) {
        text += latin1(/** @type {Uint8Array} */ ((await reader.read()).value));
        const parsed = parseReply(text);
        if (parsed) return parsed.reply;
      }
    };
    await ask(['HELLO', resp]);
    for (const words of COMMANDS) {
      const reply = await ask(words);
      for (const [flag, write] of /** @type {const} */ ([
        ['--json', json],
        ['--csv', csv],
      ])) {
        if (/^(HSET|ZADD|XADD)/.test(String(words[0]))) continue;
        const { output } = await run(cli, ['-p', String(server.port), `-${resp}`, flag, ...words]);
        const text = isRaw(words) ? reply.text : `${write(reply)}\n`;
        const ours = new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0)));
        assert.equal(ours.trimEnd(), output.trimEnd(), `${flag} -${resp} ${words.join(' ')}`);
      }
    }
    await writer.close();
  }
});
