import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { runInNewContext } from 'node:vm';

import { Redis } from 'ioredis';
import { createClient } from 'redis';

import { generate } from '../generate.js';
import { commands } from '../src/commands.js';
import { EngineError, ReplyError, open } from '../src/node.js';
import { opened, root } from './helpers.js';

test('the shared connection refuses what would reach into the calls of others', async (t) => {
  const redis = await opened(t);
  for (const command of [['MULTI'], ['watch', 'k'], ['Exec'], [Buffer.from('multi')]]) {
    await assert.rejects(redis.call(...command), /transaction\(\), pipeline\(.*client\(\)/);
  }
  for (const command of [
    ['BLPOP', 'q', 0],
    ['bzpopmin', 'z', 0],
    ['WAIT', 0, 0],
    ['XREAD', 'block', 0, 'STREAMS', 's', '$'],
  ]) {
    await assert.rejects(redis.call(...command), /refuses .* client\(\) for a connection/);
    await assert.rejects(redis.pipeline([['PING'], command]), /pipeline\(\) refuses/);
  }
  for (const command of [['SUBSCRIBE', 'c'], ['MONITOR'], ['CLIENT', 'REPLY', 'OFF']]) {
    await assert.rejects(redis.call(...command), /subscribe\(\)|connect\(\)/);
    await assert.rejects(redis.client().call(...command), TypeError);
  }
  assert.equal(await redis.call('XREAD', 'STREAMS', 's', '0'), null);
  const whole = [['MULTI'], ['BLPOP', 'q', 0], ['EXEC']];
  assert.deepEqual((await redis.pipeline(whole)).at(-1), [null]);
  await assert.rejects(redis.pipeline([['MULTI'], ['SET', 'k', 1]]), /must end its MULTI/);
  await assert.rejects(redis.pipeline([['WATCH', 'k']]), /transaction\(\)/);
  assert.equal(await redis.call('EXISTS', 'k'), 0);
  const own = redis.client();
  assert.equal(await own.call('MULTI'), 'OK');
  assert.equal(await redis.call('GET', 'k'), null);
  own.close();
});

test('a transaction is tried again while its keys change', async (t) => {
  const redis = await opened(t);
  await redis.call('SET', 'stock', 3);
  const before = String(await redis.call('CLIENT', 'LIST')).split('\n').length;
  let tries = 0;
  /** @param {import('../src/node.js').Client} client */
  const buy = async (client) => {
    tries++;
    await client.call('WATCH', 'stock');
    const stock = Number(await client.call('GET', 'stock'));
    return stock > 0
      ? [
          ['DECR', 'stock'],
          ['LPUSH', 'stock', 1],
          ['INCR', 'sold'],
        ]
      : undefined;
  };
  const sales = await Promise.all(Array.from({ length: 5 }, () => redis.transaction(buy)));
  assert.deepEqual(sales.map((sale) => sale && sale[2]).sort(), [1, 2, 3, null, null]);
  assert.ok(sales[0]?.[1] instanceof ReplyError);
  assert.ok(tries > 5, String(tries));
  assert.equal(await redis.call('GET', 'stock'), '0');
  assert.equal(String(await redis.call('CLIENT', 'LIST')).split('\n').length, before);
  /** @param {import('../src/node.js').Client} client */
  const hopeless = async (client) => {
    await client.call('WATCH', 'n');
    await redis.call('INCR', 'n');
    return [['PING']];
  };
  const given = redis.transaction(hopeless, { attempts: 3 });
  await assert.rejects(given, /EngineError: redlet: the watched keys have changed in all 3/);
  assert.equal(await redis.call('GET', 'n'), '3');
  await assert.rejects(
    redis.transaction(() => [['SET', 'n']]),
    /wrong number of arguments/,
  );
});

test('each call says how its replies are given', async (t) => {
  const redis = await opened(t);
  await redis.pipeline([
    ['HSET', 'h', 'b', '1', '__proto__', '2', 'ü', '3'],
    ['SET', 'k', 'v'],
  ]);
  const bytes = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text));
  assert.deepEqual(await redis.call(['GET', 'k'], { bytes: true }), bytes('v'));
  assert.equal(await redis.call(['GET', 'k']), 'v');
  const replies = await Promise.all([
    redis.call(['HGETALL', 'h'], { maps: 'object' }),
    redis.call(['HGETALL', 'h'], { maps: 'object', bytes: true }),
    redis.call('HGETALL', 'h'),
  ]);
  assert.equal(JSON.stringify(replies[0]), '{"b":"1","__proto__":"2","ü":"3"}');
  assert.equal(Object.getPrototypeOf(replies[0]), Object.prototype);
  assert.deepEqual(Object.values(/** @type {object} */ (replies[1])), ['1', '2', '3'].map(bytes));
  assert.ok(replies[2] instanceof Map);
  const plain = redis.client({ maps: 'object' });
  const limit = ['CONFIG', 'GET', 'maxmemory'];
  assert.deepEqual(await plain.call(...limit), { maxmemory: '0' });
  assert.deepEqual(await plain.call(limit, { maps: 'map' }), new Map([['maxmemory', '0']]));
  assert.deepEqual(await redis.pipeline([limit], { maps: 'object' }), [{ maxmemory: '0' }]);
});

test('an object whose reply comes in parts is whole', async (t) => {
  const redis = await opened(t);
  const large = 'x'.repeat(300_000);
  await redis.call('HSET', 'h', large, large, 'b', large);
  const object = await redis.call(['HGETALL', 'h'], { maps: 'object', bytes: true });
  assert.deepEqual(Object.keys(/** @type {object} */ (object)), [large, 'b']);
});

test('arguments are bytes of any kind; what is none is named', async (t) => {
  const redis = await opened(t);
  const { buffer } = Uint8Array.of(1, 2, 3, 4);
  for (const [arg, size] of /** @type {const} */ ([
    [buffer, 4],
    [new DataView(buffer, 1, 2), 2],
    [Uint16Array.of(1, 2), 4],
    [runInNewContext('new Uint8Array(5)'), 5],
    [runInNewContext('new ArrayBuffer(6)'), 6],
    [12n, 2],
  ])) {
    await redis.call('SET', 'k', arg);
    assert.equal(await redis.call('STRLEN', 'k'), size);
  }
  for (const [wrong, named] of /** @type {const} */ ([
    [true, /that at 2 of SET is true/],
    [NaN, /is NaN/],
    [undefined, /is undefined/],
    [new Date(), /is an object \(Date\)/],
    [Symbol('x'), /is a symbol/],
  ])) {
    await assert.rejects(redis.call('SET', 'k', /** @type {any} */ (wrong)), named);
  }
});

test('options that are not known, or cannot be, are refused', async (t) => {
  const redis = await opened(t);
  /** @type {any} */
  const any = redis;
  for (const [wrong, message] of /** @type {[any, RegExp][]} */ ([
    [{ clok: 1 }, /open\(\) has no option 'clok', only wasm, seed, config, dir, clock/],
    [{ resp: 4 }, /option resp of open\(\) must be 2 or 3, not 4/],
    [{ resp: '3' }, /must be 2 or 3, not '3'/],
    [{ clock: NaN }, /clock of open\(\) must be a valid Date, a number .* or 'date', not/],
    [{ clock: new Date('?') }, /must be a valid Date/],
    [{ memoryMax: NaN }, /memoryMax/],
    [{ onlog: 'x' }, /must be a function/],
    [{ config: 'x' }, /must be an object/],
    [null, /options of open\(\) are an object/],
  ])) {
    await assert.rejects(open(wrong), message);
  }
  assert.throws(() => any.client({ passwort: 'x' }), /client\(\) has no option 'passwort'/);
  await assert.rejects(any.call(['PING'], { byte: true }), /call\(\) has no option 'byte'/);
  await assert.rejects(any.pipeline([['PING']], { maps: 'x' }), /must be 'map' or 'object'/);
  await assert.rejects(any.listen({ prt: 1 }), /listen\(\) has no option 'prt'/);
  await assert.rejects(
    any.subscribe('c', () => {}, { patern: true }),
    /no option 'patern'/,
  );
  await assert.rejects(
    any.transaction(() => [], { tries: 1 }),
    /no option 'tries'/,
  );
  assert.equal(await redis.call('PING'), 'PONG');
});

test('arguments that cannot be are refused by name', async (t) => {
  const redis = await opened(t);
  /** @type {any} */
  const any = redis;
  const own = /** @type {any} */ (redis.client());
  for (const wrong of [undefined, 'PING', ['GET', 'k'], [['PING'], 'PING']]) {
    await assert.rejects(any.pipeline(wrong), /pipeline\(\) takes must be an array of commands/);
    await assert.rejects(own.pipeline(wrong), /each of which is one: \[\['GET', 'key'\]\]/);
    await assert.rejects(
      any.transaction(() => wrong ?? 'PING'),
      /an array of commands/,
    );
  }
  await assert.rejects(any.transaction(), /what transaction\(\) calls must be a function/);
  await assert.rejects(any.subscribe('c'), /listener of subscribe\(\) must be a function/);
  await assert.rejects(any.restore('x'), /restore\(\) takes must be a Uint8Array, not 'x'/);
  own.close();
  assert.equal(await redis.call('PING'), 'PONG');
});

test('stacks lead to who called', async (t) => {
  const redis = await opened(t);
  await redis.call('SET', 'k', 'text');
  const countVisit = async () => redis.call('INCR', 'k');
  const servePage = async () => {
    await Promise.all([redis.call('PING'), await countVisit()]);
  };
  await assert.rejects(servePage(), (error) => {
    assert.ok(error instanceof ReplyError);
    assert.match(String(error.stack), /servePage.*api\.test\.js/s);
    return true;
  });
  const image = new Uint8Array(3);
  const misconfigure = async () => await open({ config: { maxmemory: 'lots' } });
  const load = async () => await open({ snapshot: image });
  const restore = async () => await redis.restore(image);
  for (const fail of [misconfigure, load, restore]) {
    await assert.rejects(fail(), (error) => {
      assert.ok(error instanceof EngineError);
      assert.match(String(error.stack), new RegExp(`at async ${fail.name} .*api\\.test\\.js`));
      return true;
    });
  }
  await redis.close();
  const late = async () => await redis.call('PING');
  await assert.rejects(late(), (error) => {
    assert.ok(error instanceof EngineError);
    assert.match(String(error.stack), /late.*api\.test\.js/s);
    return true;
  });
});

test('the log names commands that are unknown', async (t) => {
  /** @type {string[]} */
  const log = [];
  const redis = await opened(t, { onlog: (_level, text) => log.push(text) });
  const server = await redis.listen();
  const client = new Redis(server.url);
  await assert.rejects(client.call('FT.SEARCH', 'i', '*'));
  await client.quit();
  await assert.rejects(redis.call('FT.SEARCH', 'i', '*'));
  assert.deepEqual(
    log.filter((text) => text.includes('nknown')),
    ['Unknown command "FT.SEARCH"'],
  );
});

test('a URL holds the password, and clients take it', async (t) => {
  const redis = await opened(t, { config: { requirepass: 's e/c:r@t' } });
  const { url } = await redis.listen();
  assert.match(url, /^redis:\/\/:s%20e%2Fc%3Ar%40t@127\.0\.0\.1:\d+$/);
  const folder = await mkdtemp(join(tmpdir(), 'redlet-'));
  t.after(() => rm(folder, { recursive: true }));
  const server = await redis.listen({ path: join(folder, 's') });
  assert.equal(server.url, `unix://:s%20e%2Fc%3Ar%40t@${server.path}`);
  const password = 's e/c:r@t';
  for (const options of [
    { url },
    { socket: { path: String(server.path), tls: false }, password },
  ]) {
    const client = await createClient(/** @type {any} */ (options)).connect();
    assert.equal(await client.ping(), 'PONG');
    await client.close();
  }
  for (const client of [new Redis(url), new Redis({ path: String(server.path), password })]) {
    assert.equal(await client.ping(), 'PONG');
    await client.quit();
  }
});

test('commands are methods, by the table of commands', async (t) => {
  const redis = await opened(t);
  const redlet = commands(redis);
  assert.equal(await redlet.set('k', 'v', 'EX', 60, 'NX'), 'OK');
  /** @type {string | null} */
  const value = await redlet.get('k');
  assert.equal(value, 'v');
  assert.equal(await redlet.del('k', 'l'), 1);
  assert.deepEqual(await redlet.configGet('maxmemory'), new Map([['maxmemory', '0']]));
  const own = redis.client();
  assert.equal(await commands(own).clientNoEvict('ON'), 'OK');
  assert.equal(await commands(own).zadd('z', 1, 'a'), 1);
  const asObject = commands(own, { maps: 'object' });
  assert.deepEqual(await asObject.configGet('maxmemory'), { maxmemory: '0' });
  await assert.rejects(redlet.blpop('q', 0), /client\(\)/);
  assert.equal(await (async () => redlet)(), redlet);
  // @ts-expect-error: a key is missing
  await assert.rejects(redlet.get(), ReplyError);
  // @ts-expect-error: there is no such command
  await assert.rejects(redlet.nosuch('k'), /unknown command 'NOSUCH'/);
});

test('what is generated of the table of commands is fresh', async () => {
  for (const [name, text] of Object.entries(await generate())) {
    assert.equal(await readFile(join(root, name), 'utf8'), text, name);
  }
});
