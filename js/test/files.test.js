/**
 * Files: what an engine with a folder leaves there, and finds there again.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { open } from '../src/node.js';
import { open as openInPage } from '../src/web.js';
import { opened } from './helpers.js';

/** @param {import('node:test').TestContext} t */
async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), 'redlet-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const MANIFEST = 'appendonlydir/appendonly.aof.manifest';
const INCR = 'appendonlydir/appendonly.aof.1.incr.aof';

test('an append-only file outlives the process, and a real redis-server loads it', async (t) => {
  const dir = await folder(t);
  for (const n of [1, 2, 3]) {
    const main = fileURLToPath(new URL('files-main.js', import.meta.url));
    const run = 'deno' in process.versions ? ['run', '-A', '--no-lock'] : [];
    const child = spawn(process.execPath, [...run, main, dir]);
    const [said] = await once(child.stdout, 'data');
    assert.equal(String(said).trim(), String(n));
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  const config = { dir, appendonly: true, 'enable-debug-command': 'yes' };
  const redis = await opened(t, { config });
  assert.equal(await redis.call('GET', 'n'), '3');
  assert.equal(await redis.call('LLEN', 'list'), 3);
  await redis.call('BGREWRITEAOF');
  await redis.call('RPUSH', 'list', 'x');
  const rewritten = 'appendonly.aof.2.base.rdb appendonly.aof.2.incr.aof appendonly.aof.manifest';
  await until(
    async () => (await readdir(join(dir, 'appendonlydir'))).sort().join(' ') === rewritten,
  );
  const digest = String(await redis.call('DEBUG', 'DIGEST'));
  await redis.close();
  if (process.env.REDLET_REFERENCE) {
    assert.equal(await theirDigest(t, process.env.REDLET_REFERENCE, dir), `+${digest}`);
  }
});

/** @param {() => Promise<boolean>} done */
async function until(done) {
  const end = Date.now() + 20_000;
  while (!(await done())) assert.ok(Date.now() < end, 'it never comes');
}

/**
 * What a real server says of the data that lie in a folder.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} command
 * @param {string} dir
 */
async function theirDigest(t, command, dir) {
  const path = join(dir, 'socket');
  const options = { port: 0, unixsocket: path, dir, appendonly: 'yes', save: '' };
  const args = Object.entries({ ...options, 'enable-debug-command': 'yes' }).flatMap(
    ([name, value]) => [`--${name}`, String(value)],
  );
  const server = spawn(command, args);
  t.after(() => server.kill('SIGKILL'));
  let log = '';
  await new Promise((ready, failed) => {
    server.stdout.on('data', (text) => {
      log += text;
      if (log.includes('Ready to accept connections')) ready(undefined);
    });
    server.once('close', () => failed(new Error(`it ended: ${log}`)));
  });
  const socket = connect(path);
  socket.write('DEBUG DIGEST\r\n');
  const [digest] = await once(socket, 'data');
  socket.destroy();
  return String(digest).trim();
}

test('open({ dir }) makes the folder and keeps all in it', async (t) => {
  const dir = join(await folder(t), 'a/b');
  for (const n of [1, 2]) {
    const redis = await open({ dir });
    assert.equal(await redis.call('INCR', 'n'), n);
    await redis.close();
  }
  const config = { dir, appendonly: true };
  const redis = await opened(t, { config });
  assert.equal(await redis.call('GET', 'n'), '2');
  await assert.rejects(open({ dir, config }), /dir is given twice/);
  await assert.rejects(openInPage({ dir }), /redlet\/worker/);
});

test('with appendfsync always a reply comes when the change is on the disk', async (t) => {
  const dir = await folder(t);
  const redis = await opened(t, { config: { dir, appendonly: true, appendfsync: 'always' } });
  const replies = await redis.client().pipeline([
    ['SET', 'a', '1'],
    ['INCR', 'a'],
    ['WAITAOF', 1, 0, 0],
  ]);
  assert.deepEqual(replies, ['OK', 2, [1, 0]]);
  assert.match(await readFile(join(dir, INCR), 'latin1'), /INCR\r\n\$1\r\na\r\n$/);
});

test('what SAVE has written is there again', async (t) => {
  const dir = await folder(t);
  const first = await opened(t, { config: { dir, dbfilename: 'x.rdb' } });
  await first.call('SET', 'k', 'v'.repeat(3_000_000)); // more than one piece
  await first.call('CONFIG', 'SET', 'rdbcompression', 'no');
  assert.equal(await first.call('SAVE'), 'OK');
  await first.close();
  assert.deepEqual(await readdir(dir), ['x.rdb']);
  const next = await opened(t, { config: { dir, dbfilename: 'x.rdb' } });
  assert.equal(await next.call('STRLEN', 'k'), 3_000_000);
  await writeFile(join(dir, 'x.rdb'), 'REDIS0012');
  await assert.rejects(
    open({ config: { dir, dbfilename: 'x.rdb' } }),
    /Fatal error loading the DB from .*x\.rdb, check server logs/,
  );
});

test('CONFIG SET changes to a folder, and refuses what is none', async (t) => {
  const dir = await folder(t);
  await writeFile(join(dir, 'text'), 'x');
  await mkdir(join(dir, 'a'));
  const redis = await opened(t, { config: { dir, 'enable-protected-configs': 'yes' } });
  const set = (/** @type {string} */ to) => redis.call('CONFIG', 'SET', 'dir', to);
  await assert.rejects(set('missing'), /argument 'dir'\) - No such file or directory$/);
  await assert.rejects(set('text'), /argument 'dir'\) - Not a directory$/);
  await assert.rejects(set('text/a'), /argument 'dir'\) - Not a directory$/);
  assert.equal(await set('a'), 'OK');
  await redis.call('SAVE');
  assert.deepEqual(await readdir(join(dir, 'a')), ['dump.rdb']);
});

test('CONFIG SET turns the append-only file on and off', async (t) => {
  const dir = await folder(t);
  const redis = await opened(t, { config: { dir } });
  await redis.call('SET', 'a', '1');
  assert.equal(await redis.call('CONFIG', 'SET', 'appendonly', 'yes'), 'OK');
  await redis.call('SET', 'b', '1');
  assert.equal(await redis.call('CONFIG', 'SET', 'appendonly', 'no'), 'OK');
  await redis.call('SET', 'c', '1');
  const next = await opened(t, { config: { dir, appendonly: true } });
  assert.equal(await next.call('DBSIZE'), 2);
});

test('files that cannot be loaded are refused and left alone', async (t) => {
  const dir = await folder(t);
  const config = { dir, appendonly: true };
  const redis = await open({ config });
  await redis.call('SET', 'a', '1');
  await redis.call('SET', 'b', '1');
  await redis.close();
  const log = await readFile(join(dir, INCR), 'latin1');
  const damaged = log.replace('$3', '$\0');
  await writeFile(join(dir, INCR), damaged);
  await assert.rejects(open({ config }), /Bad file format reading the append only file/);
  assert.equal(await readFile(join(dir, INCR), 'latin1'), damaged);
  await writeFile(join(dir, INCR), log.slice(0, -1)); // cut short: that may be
  const next = await opened(t, { config });
  assert.equal(await next.call('DBSIZE'), 1);
  await writeFile(join(dir, MANIFEST), 'nonsense\n');
  await assert.rejects(open({ config }), /Invalid AOF manifest file format/);
  const missing = { dir: join(dir, 'missing') };
  await assert.rejects(open({ config: missing }), /dir: No such file or directory/);
  await assert.rejects(open({ config, onsave: () => {} }), /not both/);
});

test(
  'a full disk stops the writers, and says so',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const dir = await folder(t);
    const config = { dir, appendonly: true };
    await (await open({ config })).close();
    await rm(join(dir, INCR));
    await symlink('/dev/full', join(dir, INCR));
    const redis = await opened(t, { config });
    assert.equal(await redis.call('SET', 'a', '1'), 'OK'); // as with Redis
    const misconf = /MISCONF Errors writing to the AOF file: No space left on device/;
    await assert.rejects(redis.call('SET', 'b', '1'), misconf);
    assert.equal(await redis.call('GET', 'a'), '1');
  },
);

test('after a death the next engine has what the file has', async (t) => {
  const dir = await folder(t);
  const redis = await opened(t, { config: { dir, appendonly: true } });
  await redis.call('SET', 'a', '1');
  await redis.snapshot();
  await redis.call('SET', 'a', '2');
  redis.engine.inbox.frame(99);
  await assert.rejects(redis.call('PING'), /the engine died/);
  const client = redis.client();
  assert.equal(await client.call('INCR', 'a'), 3);
});
