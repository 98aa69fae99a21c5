/**
 * Browsers, and a server for the pages that they open.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

import { chromium, firefox } from 'playwright-core';

import { exists } from './helpers.js';

/** Where packages put them. */
const BROWSERS = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
};

/** The browser that the tests run in: Chromium, unless REDLET_BROWSER says Firefox. */
export const browser = process.env.REDLET_BROWSER === 'firefox' ? 'firefox' : 'chromium';

/**
 * Where a browser is, if it is installed: at $CHROMIUM or $FIREFOX, or where packages put it.
 *
 * @param {keyof typeof BROWSERS} which
 */
async function findBrowser(which) {
  const said = process.env[which.toUpperCase()];
  for (const place of said ? [said] : BROWSERS[which]) {
    if (await exists(place)) return place;
  }
  return undefined;
}

const executablePath = await findBrowser(browser);
const missing = executablePath ? '' : `${browser} is missing: install its package`;

/** Why tests in a browser are skipped, if they are; in continuous integration they never are. */
export const skip = process.env.CI ? false : missing || false;

const QUIET = ['background-networking', 'component-update', 'sync', 'quic', 'gpu'];

/** How Playwright starts Chromium. */
export const chromiumOptions = {
  executablePath: await findBrowser('chromium'),
  args: ['--no-sandbox', '--no-first-run', ...QUIET.map((part) => `--disable-${part}`)],
};

/**
 * Starts the browser. The channel says that it is Firefox as it is, driven by WebDriver BiDi.
 *
 * @param {boolean} [still] whether the person wants no motion
 */
export function launch(still = false) {
  if (missing) throw new Error(missing);
  if (browser === 'chromium') {
    const args = [...chromiumOptions.args, ...(still ? ['--force-prefers-reduced-motion'] : [])];
    return chromium.launch({ ...chromiumOptions, args });
  }
  const firefoxUserPrefs = { 'ui.prefersReducedMotion': still ? 1 : 0 };
  return firefox.launch({ executablePath, channel: 'moz-firefox', firefoxUserPrefs });
}

/** @type {Record<string, string>} */
export const TYPES = {
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
