import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { happens, root, run } from './helpers.js';
import { freePort } from './servers.js';

const program = join(root, '../bin/redlet');
const skip = existsSync(program) ? false : 'bin/redlet is missing';

test('a page speaks to a server and follows it through a WebSocket', { skip }, async (t) => {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'redlet-'));
  const args = ['--port', '0', '--websocket-port', String(port), '--bind', '127.0.0.1'];
  args.push('--dir', dir, '--save', '', '--requirepass', 'secret');
  args.push('--repl-diskless-sync-delay', '0');
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(dir, { recursive: true });
  });
  let log = '';
  await happens(child.stdout, 'data', (text) => (log += text).includes('Ready to accept'));
  child.stdout.resume();
  const flags = typeof WebSocket === 'undefined' ? ['--experimental-websocket'] : [];
  const page = ['test/websocket-main.js', `ws://127.0.0.1:${port}`];
  const { code, output } = await run(process.execPath, [...flags, ...page]);
  assert.equal(code, 0, output);
});
