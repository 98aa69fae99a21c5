import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { root, run } from './helpers.js';
import { freePort, started } from './servers.js';

const program = join(root, '../bin/redlet');
const skip = existsSync(program) ? false : 'bin/redlet is missing';

test('a page speaks to a server and follows it through a WebSocket', { skip }, async (t) => {
  const port = await freePort();
  const sockets = ['--port', '0', '--websocket-port', String(port)];
  const rest = ['--requirepass', 'secret', '--repl-diskless-sync-delay', '0'];
  await started(t, program, [...sockets, ...rest]);
  const flags = typeof WebSocket === 'undefined' ? ['--experimental-websocket'] : [];
  const page = ['test/websocket-main.js', `ws://127.0.0.1:${port}`];
  const { code, output } = await run(process.execPath, [...flags, ...page]);
  assert.equal(code, 0, output);
});
