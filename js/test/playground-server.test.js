// The page that a server serves is a client of that server.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Redis } from 'ioredis';

import { launch, skip as noBrowser } from './browser.js';
import { root } from './helpers.js';
import { enter, lastLine, listen, ready } from './playground.js';
import { freePort, started } from './servers.js';

const program = join(root, '../bin/redlet');
const skip = noBrowser || (existsSync(program) ? false : 'bin/redlet is missing');

test('the page of a server', { skip }, async (t) => {
  const [port, page, socket] = [await freePort(), await freePort(), await freePort()];
  const ports = ['--port', port, '--playground-port', page, '--websocket-port', socket];
  await started(t, program, ports.map(String));
  const client = new Redis(port);
  t.after(() => client.disconnect());
  await client.set('from', 'outside');
  const browser = await launch();
  t.after(() => browser.close());
  const tab = await browser.newPage();
  const complaints = listen(tab);
  await tab.goto(`http://127.0.0.1:${page}/`);
  await ready(tab);
  await enter(tab, 'GET from');
  await lastLine(tab, '"outside"');
  await tab.locator('#keys li[data-key="kfrom"]').waitFor();
  await enter(tab, 'BLPOP jobs 0');
  await tab.locator('.state', { hasText: 'waits: BLPOP jobs 0' }).waitFor();
  await client.rpush('jobs', 'one');
  await lastLine(tab, '1) "jobs"\n2) "one"');
  assert.match(String(await client.client('LIST')), /name=client-1 /);
  await enter(tab, 'SET session x EX 60');
  await lastLine(tab, 'OK');
  await tab.click('text=+1 min');
  await tab.locator('#keys li[data-key="ksession"]').waitFor({ state: 'detached' });
  assert.equal(await client.exists('session'), 0);
  await tab.selectOption('#place select', 'own');
  await tab.locator('#keys .empty').waitFor();
  await enter(tab, 'GET from');
  await lastLine(tab, '(nil)');
  await tab.selectOption('#place select', 'remote');
  await tab.locator('#keys li[data-key="kfrom"]').waitFor();
  assert.deepEqual(complaints, []);
});
