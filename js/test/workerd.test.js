// The API in workerd, from npm: the runtime of Cloudflare's Workers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { bin, PATIENCE_MS, root } from './helpers.js';

const WORKER = `
  import { open } from 'src/web.js';
  import wasm from 'redlet.wasm';

  export default {
    async fetch() {
      const redis = await open({ wasm });
      const seen = [await redis.call('SET', 'k', 'v')];
      seen.push(await redis.pipeline([['GET', 'k'], ['PING']]));
      seen.push(await redis.client().call('BLPOP', 'queue', 0.02));
      const image = await redis.snapshot();
      await redis.call('FLUSHALL');
      await redis.restore(image);
      seen.push(await redis.call('GET', 'k'));
      await redis.close();
      return Response.json(seen);
    },
  };
`;

test('in workerd', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'redlet-workerd-'));
  t.after(() => rm(folder, { recursive: true }));
  const port = await freePort();
  await writeFile(join(folder, 'worker.js'), WORKER);
  await writeFile(join(folder, 'config.capnp'), await configuration(port));

  const args = ['serve', join(folder, 'config.capnp'), `--import-path=${root}`];
  const child = spawn(bin('workerd'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => child.kill());
  let complaints = '';
  child.stderr.on('data', (text) => (complaints += text));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const response = await Promise.race([answer(port), ended.then(() => undefined)]);
  assert.ok(response, complaints);
  assert.deepEqual(await response.json(), ['OK', ['v', 'PONG'], null, 'v'], complaints);
});

/** @param {number} port */
async function configuration(port) {
  const names = (await readdir(join(root, 'src'))).filter((name) => /^(?!node).*\.js$/.test(name));
  const modules = names.map((name) => `(name="src/${name}", esModule=embed "/src/${name}")`);
  return `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .main)],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
    );
    const main :Workerd.Worker = (
      modules = [
        (name="worker.js", esModule=embed "worker.js"),
        (name="redlet.wasm", wasm=embed "/redlet.wasm"),
        ${modules.join(',\n        ')}
      ],
      compatibilityDate = "2025-06-01",
    );
  `;
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/**
 * Asks until the server is there.
 *
 * @param {number} port
 * @returns {Promise<Response>}
 */
async function answer(port) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch (error) {
      if (performance.now() > deadline)
        throw new Error('workerd does not answer', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
