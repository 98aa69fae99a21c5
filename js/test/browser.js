/**
 * Chromium, and a server for the pages that it opens.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

import { chromium } from 'playwright-core';

import { exists } from './helpers.js';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is, if it is installed: at $CHROMIUM, or where packages put it. */
async function findChromium() {
  for (const place of process.env.CHROMIUM ? [process.env.CHROMIUM] : PLACES) {
    if (await exists(place)) return place;
  }
  return undefined;
}

const executablePath = await findChromium();

/** Why tests in Chromium are skipped, if they are; in continuous integration they never are. */
export const skip =
  executablePath || process.env.CI ? false : 'Chromium is missing: install the package chromium';

const QUIET = ['background-networking', 'component-update', 'sync', 'quic', 'gpu'];

/** How Playwright starts it. */
export const chromiumOptions = {
  executablePath,
  args: ['--no-sandbox', '--no-first-run', ...QUIET.map((name) => `--disable-${name}`)],
};

/** Starts Chromium. */
export function launch() {
  if (!executablePath) throw new Error('Chromium is missing: install the package chromium');
  return chromium.launch(chromiumOptions);
}

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * Serves the files of a folder, and at / an empty page if there is no index.html.
 *
 * @param {string} folder
 * @param {Record<string, string>} [headers] that all answers have
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serveFolder(folder, headers = {}) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const file = join(folder, normalize(path.endsWith('/') ? `${path}index.html` : path));
    try {
      const body = await readFile(file);
      response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
      response.end(body);
    } catch {
      response.statusCode = path === '/' ? 200 : 404;
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><link rel="icon" href="data:,"><title>redlet</title>');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${address.port}/`, close };
}
