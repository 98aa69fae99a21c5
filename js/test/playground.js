/**
 * The playground, built and opened, for those who test it.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { browser as kind, launch, serveFolder } from './browser.js';
import { root, run } from './helpers.js';

/** @typedef {import('playwright-core').Page} Page */

/**
 * Builds the page and serves it.
 *
 * @param {import('node:test').TestContext} t
 * @param {Record<string, string>} [headers]
 */
export async function servePlayground(t, headers) {
  const folder = await mkdtemp(join(tmpdir(), 'redlet-playground-'));
  t.after(() => rm(folder, { recursive: true }));
  const built = await run(process.execPath, [join(root, 'playground/build.js'), folder]);
  assert.equal(built.code, 0, built.output);
  const site = await serveFolder(folder, headers);
  t.after(() => site.close());
  const browser = await launch();
  t.after(() => browser.close());
  return { site, browser, folder };
}

/**
 * Opens the page.
 *
 * @param {import('node:test').TestContext} t
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function openPlayground(t, options) {
  const { site, browser, folder } = await servePlayground(t);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = listen(page);
  await page.goto(site.url);
  await ready(page);
  return { page, complaints, site, browser, folder };
}

/** Waits until all of the page is there, and kept for later. @param {Page} page */
export async function ready(page) {
  await page.waitForSelector('[data-ready]', { timeout: 30_000 });
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

/**
 * Gathers what a page complains of.
 *
 * @param {Page} page
 */
export function listen(page) {
  page.setDefaultTimeout(15_000);
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  return complaints;
}

/**
 * Types a line in the pane that is used, and enters it.
 *
 * @param {Page} page
 * @param {string} line
 */
export async function enter(page, line) {
  const input = page.locator('.pane[data-active] .input');
  await input.fill(line);
  await input.press('Enter');
}

/**
 * Waits until the last entry of that pane's log says something.
 *
 * @param {Page} page
 * @param {string | RegExp} want
 */
export async function lastLine(page, want) {
  const last = page.locator('.pane[data-active] .log > :last-child');
  const deadline = Date.now() + 15_000;
  for (;;) {
    const text = (await last.textContent()) ?? '';
    if (typeof want === 'string' ? text === want : want.test(text)) return;
    if (Date.now() > deadline) assert.fail(`the log ends with ${text}, not with ${want}`);
    await page.waitForTimeout(20);
  }
}

/**
 * Touches something. Firefox's WebDriver has no touch, so there it is a click.
 *
 * @param {Page} page
 * @param {string} selector
 */
export function tap(page, selector) {
  return kind === 'firefox' ? page.click(selector) : page.tap(selector);
}

/**
 * Clicks something that hands a file to the person. Firefox does not tell its driver of files that
 * a page has made, so there the page is asked what it made.
 *
 * @param {Page} page
 * @param {string} selector
 * @returns {Promise<Buffer>} what is in the file
 */
export async function downloaded(page, selector) {
  if (kind !== 'firefox') {
    const [file] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
    return readFile(await file.path());
  }
  await page.evaluate(() => {
    const made = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      URL.createObjectURL = made;
      Object.assign(globalThis, { made: blob });
      return made(blob);
    };
  });
  await page.click(selector);
  await page.waitForFunction('globalThis.made');
  const bytes = await page.evaluate(async () => {
    const { made } = /** @type {any} */ (globalThis);
    Object.assign(globalThis, { made: undefined });
    return [...new Uint8Array(await made.arrayBuffer())];
  });
  return Buffer.from(bytes);
}

/**
 * Opens a file by the page's button for it.
 *
 * @param {Page} page
 * @param {string | { name: string, mimeType: string, buffer: Buffer }} file
 */
export async function openFile(page, file) {
  await page.click('#share');
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.click('[data-act="share.load"]'),
  ]);
  await chooser.setFiles(file);
}

/**
 * Has an open lesson's hint and solution shown, and fails it.
 *
 * @param {Page} page
 * @param {(name: string) => Promise<unknown>} tab opens a part, where there are tabs
 */
export async function failLesson(page, tab) {
  await page.click('#learn button[aria-controls=hint]');
  await page.click('#learn button[aria-controls=solution]');
  await tab('terminal');
  await enter(page, 'SET nothing 1');
  await tab('learn');
  await page.locator('.verdict[data-state=no]').waitFor();
}

/**
 * Solves it by the steps of the solution that is shown.
 *
 * @param {Page} page
 */
export async function solveLesson(page) {
  const steps = page.locator('#learn .solution button');
  for (let at = 0; at < (await steps.count()); at++) await steps.nth(at).click();
  await page.locator('.verdict[data-state=yes]').waitFor();
}
