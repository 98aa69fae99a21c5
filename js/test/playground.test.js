// Clicks through the playground in Chromium, from a static file server.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { launch, serveFolder, skip } from './browser.js';
import { root, run } from './helpers.js';

/** @typedef {import('playwright-core').Page} Page */

test('the playground', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'redlet-playground-'));
  t.after(() => rm(folder, { recursive: true }));
  const built = await run(process.execPath, [join(root, 'playground/build.js'), folder]);
  assert.equal(built.code, 0, built.output);
  const site = await serveFolder(folder);
  const browser = await launch();
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(site.url);
  await page.waitForSelector('#input:enabled');
  // All that follows happens offline.
  site.close();

  await t.test('a click on an example runs it', async () => {
    await page.click('text=INCR visits');
    await lastLine(page, '(integer) 1');
    await page.click('text=RPUSH queue first second third');
    await lastLine(page, '(integer) 3');
  });

  await t.test('replies look as in redis-cli', async () => {
    await enter(page, 'LRANGE queue 0 -1');
    await lastLine(page, '1) "first"\n2) "second"\n3) "third"');
    await enter(page, 'HGET queue x');
    await lastLine(page, /^\(error\) WRONGTYPE/);
    await enter(page, 'SET "caf\u00e9" \'a b\' EX 100');
    await lastLine(page, 'OK');
    await enter(page, 'SET "unbalanced');
    await lastLine(page, 'Invalid argument(s)');
  });

  await t.test('the keyspace is shown as it changes', () => checkKeyspace(page));
  await t.test('history, completion, hints, help', () => checkLine(page));
  await t.test('the prompt follows the connection', () => checkPrompt(page));
  await t.test('the clock is turned', () => checkClock(page));

  assert.deepEqual(complaints, []);
});

/** @param {Page} page */
async function checkKeyspace(page) {
  const row = (/** @type {string} */ key) => page.locator(`tr[data-key="${key}"]`);
  await row('queue').getByText('first, second, third').waitFor();
  await row('visits').getByText('int', { exact: true }).waitFor();
  await row('caf\u00e9')
    .getByText(/^\d+ s$/)
    .waitFor();
  await enter(page, 'RPUSH queue fourth');
  await row('queue').getByText('first, second, third, fourth').waitFor();
  await row('queue').getByRole('button').click();
  await lastLine(page, /4\) "fourth"$/);
  await enter(page, 'DEL visits');
  await row('visits').waitFor({ state: 'detached' });
}

/** @param {Page} page */
async function checkLine(page) {
  const input = page.locator('#input');
  const hint = page.locator('#hint');
  await input.press('ArrowUp');
  assert.equal(await input.inputValue(), 'DEL visits');
  await input.press('ArrowDown');
  assert.equal(await input.inputValue(), '');
  await input.pressSequentially('hgeta');
  await hint.getByText('HGETALL').waitFor();
  await input.press('Tab');
  assert.equal(await input.inputValue(), 'hgetall ');
  assert.equal(await page.locator('#ghost').textContent(), 'hgetall key');
  await hint.getByText('HGETALL key —').waitFor();
  await input.fill('client li');
  await input.press('Tab');
  assert.equal(await input.inputValue(), 'client list ');
  await input.fill('');
  await enter(page, 'help expire');
  await lastLine(page, /^EXPIRE key seconds \[NX \| XX \| GT \| LT\]\nsummary: .*\nsince: 1\.0\.0/);
  await enter(page, 'help @list');
  await lastLine(page, /^LPUSH key element \[element \.\.\.\]$/m);
  await enter(page, 'help nothing');
  await lastLine(page, 'No command is named nothing');
}

/** @param {Page} page */
async function checkPrompt(page) {
  const prompt = page.locator('#prompt');
  await enter(page, 'SELECT 3');
  await prompt.getByText('redlet[3]>').waitFor();
  await page.getByText('No keys yet').waitFor();
  await enter(page, 'MULTI');
  await prompt.getByText('redlet[3](TX)>').waitFor();
  await enter(page, 'SET k v');
  await enter(page, 'EXEC');
  await lastLine(page, '1) OK');
  await enter(page, 'BLPOP nothing 0');
  await prompt.getByText('redlet[3] …>').waitFor();
  await page.locator('#input').press('Control+c');
  await prompt.getByText('redlet>', { exact: true }).waitFor();
  await enter(page, 'SUBSCRIBE news');
  await prompt.getByText('redlet (subscribed)>').waitFor();
  await enter(page, 'UNSUBSCRIBE');
  await prompt.getByText('redlet>', { exact: true }).waitFor();
  await page.locator('#input').press('Control+l');
  assert.equal(await page.locator('#output').textContent(), '');
}

/** @param {Page} page */
async function checkClock(page) {
  await page.click('#freeze');
  await page.locator('#freeze[aria-pressed=true]').waitFor();
  await enter(page, 'SET session x EX 7200');
  await enter(page, 'TTL session');
  await lastLine(page, '(integer) 7200');
  await page.click('text=+1 h');
  await enter(page, 'TTL session');
  await lastLine(page, '(integer) 3600');
  await page.click('text=+1 h');
  await page.locator('tr[data-key="session"]').waitFor({ state: 'detached' });
  await page.click('#freeze');
  await page.locator('#freeze[aria-pressed=false]').waitFor();
}

/**
 * Types a line and enters it.
 *
 * @param {Page} page
 * @param {string} line
 */
async function enter(page, line) {
  await page.locator('#input').fill(line);
  await page.locator('#input').press('Enter');
}

/**
 * Waits until the last entry of the log says something.
 *
 * @param {Page} page
 * @param {string | RegExp} want
 */
async function lastLine(page, want) {
  const last = page.locator('#output > :last-child');
  const deadline = Date.now() + 10_000;
  for (;;) {
    const text = (await last.textContent()) ?? '';
    if (typeof want === 'string' ? text === want : want.test(text)) return;
    if (Date.now() > deadline) assert.fail(`the log ends with ${text}, not with ${want}`);
    await page.waitForTimeout(20);
  }
}
