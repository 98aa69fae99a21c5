/**
 * What the playground costs who opens it: bytes, times, frames and memory, in Chromium.
 *
 *     node bench-page.js [ROUNDS]
 *
 * The page comes packed, as a static server sends it, by HTTP/1.1.
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { extname, join } from 'node:path';

import { chromium } from 'playwright-core';

import { TYPES, chromiumOptions } from './test/browser.js';
import { root } from './test/helpers.js';

/** @typedef {import('playwright-core').Page} Page */

/** A line of 10 Mbit/s whose answers begin after 20 ms. */
const LINE = {
  offline: false,
  latency: 20,
  downloadThroughput: 10e6 / 8,
  uploadThroughput: 10e6 / 8,
};
const OPEN_LINE = { ...LINE, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

/** How many commands a second change the sorted set, and for how long. */
const RATE = 1000;
const FRAMES_MS = 5000;
/** How many commands are an hour's, for which the clock is turned on; in how many parts. */
const HOUR = 36_000;
const PARTS = 6;

/** @type {{ url: string, size: number, packed: number }[]} what was sent since it was emptied */
const sent = [];
const folder = await mkdtemp(join(tmpdir(), 'redlet-page-'));
const build = [join(root, 'playground/build.js'), folder, '--packed'];
spawnSync(process.execPath, build, { stdio: 'inherit' });
const server = createServer((request, response) => void serve(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const address = `http://127.0.0.1:${port}/?fresh`;
const rounds = Number(process.argv[2] ?? 5);

// Memory is measured when it is asked for, not when the browser next collects.
const args = [...(chromiumOptions.args ?? []), '--enable-blink-features=ForceEagerMeasureMemory'];
const browser = await chromium.launch({ ...chromiumOptions, args });
/** @type {Record<string, number[]>} */
const times = {};
for (let round = 0; round < rounds; round++) await load(round === 0);
for (const [name, list] of Object.entries(times)) {
  const sorted = list.toSorted((a, b) => a - b);
  const [least, middle] = [sorted[0], sorted[sorted.length >> 1]].map((ms) => Math.round(ms ?? 0));
  say(name, `${least} ms at best, ${middle} ms in the middle`);
}
await work();
await browser.close();
server.close();
await rm(folder, { recursive: true });

/**
 * Opens the page as somebody who has never been there, and again.
 *
 * @param {boolean} counts whether the bytes are told
 */
async function load(counts) {
  const context = await browser.newContext();
  await context.addInitScript(watch);
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  sent.length = 0;
  for (const [name, line] of /** @type {const} */ ([
    ['10 Mbit/s, first', LINE],
    ['10 Mbit/s, again', LINE],
    ['from cache', OPEN_LINE],
  ])) {
    await devtools.send('Network.emulateNetworkConditions', line);
    await page.goto(address);
    await page.waitForFunction(() => /** @type {any} */ (globalThis).answered);
    const [typable, answered] = await page.evaluate(() => {
      const at = /** @type {any} */ (globalThis);
      return [at.typable, at.answered];
    });
    (times[`${name}: can be typed in`] ??= []).push(typable);
    (times[`${name}: first command answered`] ??= []).push(answered);
    if (counts && name === '10 Mbit/s, first') await tell();
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    // The browser writes down what it has compiled when it finds time.
    await page.waitForTimeout(3000);
  }
  await context.close();
}

/** Runs in the page: enters a command as soon as there is a line to type in. */
function watch() {
  const page = /** @type {any} */ (globalThis);
  const look = () => {
    const input = /** @type {HTMLInputElement | null} */ (document.querySelector('.pane .input'));
    if (input && page.typable === undefined && document.activeElement === input) {
      page.typable = performance.now();
      input.value = 'ECHO first-answer';
      input.form?.requestSubmit();
    }
    if (/^"first-answer"$/.test(document.querySelector('.log > .reply')?.textContent ?? '')) {
      page.answered = performance.now();
    } else setTimeout(look, 1);
  };
  look();
}

/** Says how many bytes it takes to have the page typed in: what is asked for before all else. */
async function tell() {
  const html = await readFile(join(folder, 'index.html'), 'utf8');
  const first = html
    .match(/<(?:link|script)[^>]*>/g)
    ?.filter((tag) => !tag.includes('fetchpriority'));
  const paths = new Set(['/', ...(first ?? []).map((tag) => /="\.(\/app-[^"]*)"/.exec(tag)?.[1])]);
  const shell = sent.filter(({ url }) => paths.has(url) && !url.endsWith('.wasm'));
  const engine = sent.find(({ url }) => url.endsWith('.wasm'));
  const sum = (/** @type {'size' | 'packed'} */ what) =>
    shell.reduce((all, file) => all + file[what], 0);
  say('before it can be typed in', `${shell.length} files, ${sum('size')} bytes`);
  say('  packed', `${sum('packed')} bytes`);
  say('engine', `${engine?.size} bytes, packed ${engine?.packed}`);
}

/** Has the page work, and says how it bears it. */
async function work() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForSelector('[data-ready]');
  await run(page, 'ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h 9 i 10 j');
  await page.click('#keys li[data-key=kz] .key');
  for (const [who, typed] of /** @type {const} */ ([
    ['another client', 0],
    ['the terminal', 1],
  ])) {
    const { frames, commands } = await page.evaluate(changing, [RATE, FRAMES_MS, typed]);
    say(`a sorted set that ${who} changes`, `${frames} frames, ${commands} commands a second`);
  }
  await stop(page);
  await hour(page);
  await context.close();
}

/**
 * Says how long Stop takes, from the click until the terminal has a prompt and another client an
 * answer: to end a wait, and to end a script that would never end.
 *
 * @param {Page} page
 */
async function stop(page) {
  for (const line of ['BLPOP nothing 0', "EVAL 'while true do end' 0"]) {
    /** @type {number[]} */
    const took = [];
    for (let round = 0; round < 5; round++) {
      await run(page, line);
      await page.locator('.state', { hasText: 'waits:' }).waitFor();
      took.push(await page.evaluate(stopping));
    }
    const [least, , middle] = took.toSorted((a, b) => a - b).map(Math.round);
    say(`Stop, ${line}`, `${least} ms at best, ${middle} ms in the middle`);
  }
}

/** Runs in the page: presses Stop. @returns {Promise<number>} milliseconds */
async function stopping() {
  const { redis } = /** @type {any} */ (globalThis).redlet;
  const prompt = document.querySelector('.prompt');
  const start = performance.now();
  /** @type {HTMLElement} */ (document.querySelector('.pane .stop')).click();
  await redis.call('PING');
  while (prompt?.textContent !== 'redlet>') await new Promise(requestAnimationFrame);
  return performance.now() - start;
}

/**
 * Uses the page as in an hour, and says after each part of it what memory it takes.
 *
 * @param {Page} page
 */
async function hour(page) {
  await memory(page, 'an hour’s use, before');
  for (let part = 1; part <= PARTS; part++) {
    const start = Date.now();
    await page.evaluate(much, [HOUR / PARTS, 3_600_000 / PARTS]);
    const s = Math.round((Date.now() - start) / 1000);
    await click(page);
    await memory(page, `  after ${(60 * part) / PARTS} minutes, in ${s} s`);
  }
}

/**
 * Does what is done beside commands: a client comes and goes, a state is gone back to, a lesson is
 * begun and left.
 *
 * @param {Page} page
 */
async function click(page) {
  await page.click('#add');
  const pane = page.locator('.pane').nth(1);
  await pane.locator('.input').fill('SUBSCRIBE news');
  await pane.locator('.input').press('Enter');
  await pane.getByText('subscribed').first().waitFor();
  await pane.locator('.close').click();
  await page.click('#history');
  await page.locator('.states li').nth(3).getByRole('button', { name: 'Go there' }).click();
  await page.evaluate(() => (location.hash = 'lesson=0101-a-key-and-its-value'));
  await page.locator('.verdict:not([data-state=wait])').waitFor();
  await page.evaluate(() => (location.hash = ''));
  await page.click('#left button');
}

/**
 * @param {Page} page
 * @param {string} when
 */
async function memory(page, when) {
  const { breakdown } = await page.evaluate(() =>
    /** @type {any} */ (performance).measureUserAgentSpecificMemory(),
  );
  const mb = (/** @type {string} */ what) => {
    const parts = breakdown.filter((/** @type {any} */ { types, attribution }) =>
      [...types, ...attribution.map((/** @type {any} */ { scope }) => scope)].includes(what),
    );
    const sum = parts.reduce(
      (/** @type {number} */ n, /** @type {any} */ part) => n + part.bytes,
      0,
    );
    return `${(sum / 1e6).toFixed(1)} MB`;
  };
  const [heap, dom, worker] = ['Window', 'DOM', 'DedicatedWorkerGlobalScope'].map(mb);
  say(when, `the page ${heap}, its elements ${dom}, the workers with their engines ${worker}`);
}

/**
 * @param {Page} page
 * @param {string} line
 */
async function run(page, line) {
  await page.locator('.input').fill(line);
  await page.locator('.input').press('Enter');
}

/**
 * Runs in the page: counts frames and answers while a sorted set changes. With each frame all is
 * sent that is due by then, however long the last one took.
 *
 * @param {number[]} how many commands a second, for how many milliseconds, and whether they are
 *   typed; the terminal sends each when the one before it has been answered
 * @returns {Promise<{ frames: number, commands: number }>}
 */
function changing([rate = 0, ms = 0, typed = 0]) {
  const { redis } = /** @type {any} */ (globalThis).redlet;
  const pane = /** @type {any} */ (document.querySelector('.pane'));
  return new Promise((resolve) => {
    let [frames, given, answers] = [0, 0, 0];
    const answered = () => answers++;
    document.addEventListener('redlet-exchange', answered);
    const send = (/** @type {string} */ by, /** @type {string} */ member) =>
      typed
        ? pane.run(`ZINCRBY z ${by} ${member}`)
        : redis.call('ZINCRBY', 'z', by, member).then(answered);
    const start = performance.now();
    const frame = () => {
      frames++;
      const passed = performance.now() - start;
      for (; given < (passed * rate) / 1000; given++)
        send(String(1 + (given % 7)), String('abcdefghij'[given % 10]));
      if (passed < ms) return requestAnimationFrame(frame);
      document.removeEventListener('redlet-exchange', answered);
      const second = (/** @type {number} */ n) => Math.round((1000 * n) / passed);
      resolve({ frames: second(frames), commands: second(answers) });
    };
    requestAnimationFrame(frame);
  });
}

/**
 * Runs in the page: enters many commands of many kinds, and waits for all answers.
 *
 * @param {number[]} how many, and by how many milliseconds the clock is turned meanwhile
 * @returns {Promise<void>}
 */
function much([count = 0, ms = 0]) {
  const { clock } = /** @type {any} */ (globalThis).redlet;
  const pane = /** @type {any} */ (document.querySelector('.pane'));
  const kinds = [
    (/** @type {number} */ n) => `SET key:${n % 500} value-${n} EX 100`,
    (/** @type {number} */ n) => `RPUSH list:${n % 50} ${n}`,
    (/** @type {number} */ n) => `LTRIM list:${n % 50} -20 -1`,
    (/** @type {number} */ n) => `HSET hash:${n % 50} field-${n % 40} ${n}`,
    (/** @type {number} */ n) => `HGETALL hash:${n % 50}`,
    (/** @type {number} */ n) => `ZADD zset ${n} member-${n % 100}`,
    () => `ZRANGE zset 0 -1 WITHSCORES`,
    (/** @type {number} */ n) => `GET key:${n % 700}`,
  ];
  return new Promise((resolve) => {
    let [given, answers] = [0, 0];
    const more = () => {
      for (; given < count && given - answers < 100; given++) {
        pane.run(String(kinds[given % kinds.length]?.(given)));
        if (given % 100 === 0) void clock.advance((100 * ms) / count);
      }
    };
    document.addEventListener('redlet-exchange', () => {
      if (++answers === count) return resolve();
      if (given - answers < 50) setTimeout(more);
    });
    more();
  });
}

/**
 * @param {string} what
 * @param {string} figures
 */
function say(what, figures) {
  console.log(`${what}: ${figures}; load ${loadavg()[0]?.toFixed(1)}`);
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function serve(request, response) {
  const { pathname } = new URL(String(request.url), 'http://localhost');
  const file = join(folder, pathname === '/' ? 'index.html' : pathname);
  const plain = await readFile(file).catch(() => undefined);
  if (!plain) return response.writeHead(404).end();
  const packed = await readFile(`${file}.br`).catch(() => undefined);
  sent.push({ url: pathname, size: plain.length, packed: (packed ?? plain).length });
  const lasts = pathname.startsWith('/app-');
  response.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': lasts ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-length': (packed ?? plain).length,
    // Only a page on its own is told what memory it takes.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    ...(packed ? { 'content-encoding': 'br' } : {}),
  });
  response.end(packed ?? plain);
}
