/**
 * The program: a server, its health check, and the prompt.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

import { Redis } from 'ioredis';

import { Commands } from '../src/cli/commands.js';
import { parseArguments } from '../src/node/config.js';
import { complete, repl } from '../src/node/repl.js';
import { happens, opened, root, run } from './helpers.js';
import { freePort } from './servers.js';

const program = join(root, 'src/node/cli.js');

/** @param {string[]} args */
const redlet = (...args) => run(process.execPath, [program, ...args]);

/** @param {import('node:test').TestContext} t */
async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), 'redlet-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 */
async function started(t, ...args) {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  await happens(child.stdout, 'data', (text) => (log += text).includes('Ready to accept'));
  return child;
}

test('a server takes a file and options, and saves when it is told to end', async (t) => {
  const dir = await folder(t);
  const port = String(await freePort());
  const file = join(dir, 'redis.conf');
  await writeFile(join(dir, 'more.conf'), 'maxmemory 100mb\n');
  await writeFile(file, `# a comment\nport 1\nrequirepass "se cret"\ninclude ${dir}/more.conf\n`);
  const pidfile = join(dir, 'pid');
  const args = [file, '--port', port, '--dir', dir, '--save', '3600', '1', '--pidfile', pidfile];
  const server = await started(t, ...args, '--bind', '127.0.0.1');
  const client = new Redis(Number(port), { password: 'se cret' });
  assert.equal(await client.set('k', 'v'), 'OK');
  assert.deepEqual(await client.config('GET', 'maxmemory'), ['maxmemory', String(100 << 20)]);
  assert.deepEqual(await client.config('GET', 'save'), ['save', '3600 1']);
  client.disconnect();
  const alive = await redlet('ping', '-p', port, '-a', 'se cret');
  assert.deepEqual(alive, { code: 0, output: 'PONG\n' });
  const refused = await redlet('ping', '-p', port);
  assert.equal(refused.code, 1);
  assert.match(refused.output, /NOAUTH/);
  const value = await redlet('cli', '-p', port, '--pass=se cret', '-n', '0', 'GET', 'k');
  assert.deepEqual(value, { code: 0, output: 'v\n' });
  assert.equal(await readFile(pidfile, 'utf8'), `${server.pid}\n`);
  server.kill('SIGTERM');
  assert.deepEqual(await once(server, 'exit'), [0, null]);
  assert.deepEqual((await readdir(dir)).sort(), ['dump.rdb', 'more.conf', 'redis.conf']);
  assert.equal((await redlet('ping', '-p', port, '-a', 'se cret')).code, 1);
  const path = join(dir, 'socket');
  await started(t, '--port', '0', '--unixsocket', path, '--dir', dir, '--logfile', '');
  assert.deepEqual(await redlet('cli', '-s', path, 'GET', 'k'), { code: 0, output: 'v\n' });
});

test('what cannot be obeyed is refused as redis-server refuses it', async (t) => {
  const dir = await folder(t);
  const file = join(dir, 'redis.conf');
  await writeFile(file, 'port 0\n\nmaxmemory "12\n');
  for (const [args, says] of /** @type {[string[], RegExp][]} */ ([
    [[file], /at line 3\n>>> 'maxmemory "12'\nUnbalanced quotes in configuration line\n/],
    [['--dir', dir, '--maxmemory', '12zz'], />>> 'maxmemory "12zz"'\nargument must be a memory/],
    [['--port'], />>> 'port'\nwrong number of arguments/],
    [[join(dir, 'no.conf')], /Fatal error, can't open config file '.*no\.conf': No such file/],
    [['cli'], /what command/],
    [['--daemonize', 'yes'], /daemonize: use a service manager/],
    [['--tls-port', '6380'], /tls-port: there is no TLS/],
  ])) {
    const { code, output } = await redlet(...args);
    assert.equal(code, 1, output);
    assert.match(output, says);
  }
  assert.deepEqual(await redlet('-v').then(({ code }) => code), 0);
});

test('the command line is read as redis-server reads it', () => {
  const read = (/** @type {string} */ line) => parseArguments(line.split(' '));
  assert.deepEqual(read('--port 1 --save --dir x'), {
    file: undefined,
    stdin: false,
    options: '\nport "1"\nsave ""\ndir "x"',
  });
  assert.deepEqual(read('a.conf --save 1 2 -'), {
    file: 'a.conf',
    stdin: true,
    options: '\nsave "1" "2"',
  });
});

test('at the prompt Tab completes, and replies are as redis-cli prints them', async (t) => {
  const input = new PassThrough();
  const output = new PassThrough();
  let seen = '';
  /** @param {string} text @param {string} awaited */
  const type = async (text, awaited) => {
    seen = '';
    input.write(text);
    await happens(output, 'data', (bytes) => (seen += bytes).includes(awaited));
  };
  const ended = repl(input, output);
  await happens(output, 'data', (bytes) => (seen += bytes).includes('redlet> '));
  await type('hgeta\t', 'HGETALL ');
  await type('h\r', '(empty array)');
  await type('rpush l a "b c"\r', '(integer) 2');
  await type('lrange l 0 -1\r', '2) "b c"');
  await type('select 3\r', 'redlet[3]> ');
  await type('multi\r', '(TX)> ');
  await type('discard\r', 'OK');
  await type('help set\r', 'SET key value');
  await type('get "x\r', 'Invalid argument(s)');
  await type('blpop none 0\r', '\n');
  await type('\x03', 'redlet> ');
  input.write('exit\r');
  await ended;
  const redis = await opened(t);
  const commands = await Commands.of(redis);
  assert.deepEqual(complete(commands, 'config g'), [['CONFIG GET '], 'config g']);
  assert.deepEqual(complete(commands, 'get '), [['key', ''], '']);
  assert.deepEqual(complete(commands, 'nope x'), [[], 'nope x']);
});
