// What the playground keeps, shares and goes back to, in Chromium.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';

import { skip } from './browser.js';
import {
  downloaded,
  enter,
  lastLine,
  listen,
  openFile,
  openPlayground,
  ready,
} from './playground.js';

/** @typedef {import('playwright-core').Page} Page */

test('what the playground keeps', { skip }, async (t) => {
  const { page, complaints, site, browser, folder } = await openPlayground(t);
  await t.test('states are gone back to, branched off, compared', () => checkHistory(page));
  await t.test('what teaches has a server as new, and the data are not lost', () =>
    checkHost(page),
  );
  await t.test('bytes are shown in both protocols', () => checkWire(page));

  await t.test('a link with commands runs in a profile that has none', async () => {
    await enter(page, 'SET shared "a & b"');
    await lastLine(page, 'OK');
    const link = await made(page, 'share.commands');
    assert.match(link, /#run=.*SET\+shared\+%22a\+%26\+b%22$/);
    const other = await browser.newPage();
    const wrong = listen(other);
    await other.goto(link);
    await ready(other);
    await lastLine(other, 'OK');
    await enter(other, 'GET shared');
    await lastLine(other, '"a & b"');
    assert.deepEqual(wrong, []);
    await other.context().close();
  });

  await t.test('a link with data', async () => {
    const link = await made(page, 'share.data');
    const other = await browser.newPage();
    await other.goto(link);
    await ready(other);
    await enter(other, 'GET shared');
    await lastLine(other, '"a & b"');
    await other.context().close();
  });

  await t.test('a session is replayed from its seed, to the byte', () =>
    checkReplay(browser, site.url),
  );

  await t.test('a session goes out as a file, comes in, and is played', () =>
    checkSession(browser, site.url, folder),
  );

  await t.test('files go out and come in', () => checkFiles(page, folder));

  await t.test('all is there after a reload, for another tab, without a network', async () => {
    await enter(page, 'SET kept yes');
    await lastLine(page, 'OK');
    await page.reload();
    await ready(page);
    await enter(page, 'GET kept');
    await lastLine(page, '"yes"');
    const tab = await page.context().newPage();
    await tab.goto(site.url);
    await ready(tab);
    await enter(tab, 'INCR together');
    await lastLine(tab, '(integer) 1');
    await page.locator('#keys li[data-key="ktogether"]').waitFor();
    await tab.close();
    site.close();
    await page.reload();
    await ready(page);
    await enter(page, 'GET kept');
    await lastLine(page, '"yes"');
  });
  // What the page asks for besides and does not get is no fault of its own.
  assert.deepEqual(
    complaints.filter((text) => !/Failed to load resource|NetworkError|server\.json/.test(text)),
    [],
  );
});

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 */
async function checkReplay(browser, url) {
  const first = await browser.newPage();
  await first.goto(`${url}?fresh`);
  await ready(first);
  const link = await session(first);
  const other = await browser.newPage();
  const wrong = listen(other);
  await other.goto(link);
  await ready(other);
  for (const say of [data, said]) assert.deepEqual(await say(other), await say(first));
  // Each step has left a state: the oldest is as new.
  await other.click('#history');
  const states = other.locator('.states li');
  assert.ok((await states.count()) > 8);
  await states.filter({ hasText: 'SPOP' }).first().waitFor();
  assert.deepEqual(wrong, []);
  await first.context().close();
  await other.context().close();
}

/**
 * Does what depends on chance, on the time and on who waits, and makes a link of it.
 *
 * @param {Page} page
 */
async function session(page) {
  const lines = [
    'SADD tags a b c d e f g h i j k l m n o p',
    'SPOP tags 3',
    'SRANDMEMBER tags 5',
    'SET short x PX 500',
    'XADD orders * item tea',
    '3 INCR n',
    'MULTI',
    'RPUSH q a "\\xc3\\xa9 b"',
    'EXEC',
  ];
  for (const line of lines) await enter(page, line);
  await lastLine(page, /^1\) \(integer\) 2$/);
  await page.getByRole('button', { name: '+1 s' }).click();
  await enter(page, 'GET short');
  await lastLine(page, '(nil)');
  await page.click('#add');
  await enter(page, 'BLPOP nothing 0');
  await page.locator('.pane[data-active] .stop').click();
  await enter(page, 'BLPOP jobs 0');
  await page.locator('.pane').first().locator('.input').focus();
  await enter(page, 'RPUSH jobs ada');
  await enter(page, 'RANDOMKEY');
  await lastLine(page, /^"/);
  await page.locator('.pane').last().getByText('2) "ada"').waitFor();
  return made(page, 'share.replay');
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {string} folder
 */
async function checkSession(browser, url, folder) {
  const first = await browser.newPage();
  await first.goto(`${url}?fresh`);
  await ready(first);
  await session(first);
  await first.click('#share');
  const text = String(await downloaded(first, '[data-act="share.session"]'));
  assert.match(text, /^! seed \S+\n! time \d+\n(@ \+\d+us\n)?> SADD tags a b/);
  const file = join(folder, 'session.txt');
  await writeFile(file, text);
  const other = await browser.newPage();
  const wrong = listen(other);
  await other.goto(`${url}?fresh`);
  await ready(other);
  await enter(other, 'SET before 1');
  await lastLine(other, 'OK');
  await openFile(other, file);
  const bar = other.locator('#replay');
  const all = text.match(/^([A-Z]?>|! stop)/gm)?.length;
  await bar.getByText(`Replay: ${all} of ${all}`).waitFor();
  for (const say of [data, said]) assert.deepEqual(await say(other), await say(first));
  await bar.getByText('From the start').click();
  await bar.getByText(`Replay: 0 of ${all}`).waitFor();
  await bar.getByText('Step').click();
  await bar.getByText(`Replay: 1 of ${all}`).waitFor();
  assert.deepEqual(await said(other), ['(integer) 16']);
  await bar.getByText('Play', { exact: true }).click();
  await bar.getByText(`Replay: 3 of ${all}`).waitFor();
  await bar.getByText('Pause').click();
  await bar.getByText('Play', { exact: true }).click();
  await bar.getByText(`Replay: ${all} of ${all}`).waitFor();
  for (const say of [data, said]) assert.deepEqual(await say(other), await say(first));
  await bar.getByText('Back to what was here').click();
  await bar.waitFor({ state: 'detached' });
  await enter(other, 'GET before');
  await lastLine(other, '"1"');
  await writeFile(file, 'no session');
  await openFile(other, file);
  await other.locator('dialog [role=status]', { hasText: 'no step of a session' }).waitFor();
  assert.deepEqual(wrong, []);
  await first.context().close();
  await other.context().close();
}

/** What is under each key, as it is kept. @param {Page} page */
function data(page) {
  return page.evaluate(() => {
    const script = `local all = {}
      for _, key in ipairs(redis.call('KEYS', '*')) do
        table.insert(all, key .. redis.sha1hex(redis.call('DUMP', key)))
      end
      table.sort(all)
      return all`;
    return /** @type {any} */ (globalThis).redlet.redis.call('EVAL', script, '0');
  });
}

/** What the clients were answered. @param {Page} page */
function said(page) {
  return page.locator('.log > .reply').allTextContents();
}

/**
 * Makes a link.
 *
 * @param {Page} page
 * @param {string} which
 */
async function made(page, which) {
  await page.click('#share');
  await page.click(`[data-act="${which}"]`);
  const field = page.locator('dialog[open] .link');
  await field.waitFor();
  const link = await field.inputValue();
  await page.keyboard.press('Escape');
  return link;
}

/** @param {Page} page */
async function checkHistory(page) {
  await enter(page, 'SET plan free');
  await lastLine(page, 'OK');
  const states = page.locator('.states li');
  const open = async (/** @type {string} */ why) => {
    // A state is taken a moment after the change.
    for (let tries = 0; tries < 40; tries++) {
      await page.click('#history');
      if ((await states.filter({ hasText: why }).count()) > 0)
        return states.filter({ hasText: why });
      await page.keyboard.press('Escape');
    }
    throw new Error(`no state is there because of ${why}`);
  };
  await (await open('SET plan free')).first().waitFor();
  await page.keyboard.press('Escape');
  await enter(page, 'SET plan paid');
  await enter(page, 'SET note x PX 3600000');
  await lastLine(page, 'OK');
  await open('SET note x');
  await page.keyboard.press('Escape');
  await page.click('text=+1 h');
  await page.click('text=+1 s');
  await page.locator('li[data-key="knote"]').waitFor({ state: 'detached' });
  await (await open('expired: note')).first().waitFor();
  await states.filter({ hasText: 'SET plan free' }).getByText('Compare').click();
  await page.locator('.differs .changed', { hasText: 'plan' }).waitFor();
  await page.keyboard.press('Escape');
  await (await open('SET plan free')).getByText('Branch').click();
  await page.locator('#branch').waitFor();
  await enter(page, 'GET plan');
  await lastLine(page, '"free"');
  await enter(page, 'SET plan branched');
  await page.click('#branch button');
  await enter(page, 'GET plan');
  await lastLine(page, '"paid"');
  // So is what led to them, and the lesson is left.
  assert.equal(await page.evaluate('location.hash'), '');
  await page.click('#history');
  await page.locator('.states .why', { hasText: 'SET plan' }).first().waitFor();
  await page.keyboard.press('Escape');
}

/** @param {Page} page */
async function checkHost(page) {
  await page.evaluate(async () => {
    const { redlet } = /** @type {any} */ (globalThis);
    await redlet.reset({ 'maxmemory-policy': 'allkeys-lru' });
    redlet.run('CONFIG GET maxmemory-policy', 'B');
    location.hash = 'lesson=none';
  });
  await lastLine(page, '1) "maxmemory-policy"\n2) "allkeys-lru"');
  await page.locator('#keys .empty').waitFor();
  await page.locator('.pane[data-active] .close').click();
  await page.click('#left button');
  await enter(page, 'GET plan');
  await lastLine(page, '"paid"');
}

/** @param {Page} page */
async function checkWire(page) {
  await page.click('#wire');
  await enter(page, 'HELLO 3');
  await page.locator('.wire .part', { hasText: '%7\\r\\n' }).first().hover();
  await page.locator('.wire .why', { hasText: '7 pairs of key and value' }).waitFor();
  await enter(page, 'HELLO 2');
  await page.locator('.wire .part', { hasText: '*14\\r\\n' }).first().focus();
  await page.locator('.wire .why', { hasText: '14 elements follow' }).waitFor();
  await page.click('#replica');
  await enter(page, 'INFO replication');
  await lastLine(page, /state=online/);
  await enter(page, 'SADD drawn one');
  await enter(page, 'SPOP drawn');
  const passed = page.locator('.log > :last-child .wire', { hasText: '⇉' });
  await passed.locator('.part', { hasText: 'SREM\\r\\n' }).waitFor();
  await passed.locator('.why', { hasText: 'append-only file' }).waitFor();
  await page.click('#replica');
  await enter(page, 'INFO replication');
  await lastLine(page, /connected_slaves:0/);
  await enter(page, 'ACL SETUSER default -psync');
  await page.click('#replica');
  await page.locator('#replica[aria-pressed=false]').waitFor(); // it was refused
  await enter(page, 'ACL SETUSER default +psync');
  await page.click('#wire');
}

/**
 * @param {Page} page
 * @param {string} folder
 */
async function checkFiles(page, folder) {
  await page.click('#share');
  const image = await downloaded(page, '[data-act="share.save"]');
  assert.equal(image.subarray(0, 5).toString(), 'REDIS');
  assert.match(
    String(await downloaded(page, '[data-act="share.export"]')),
    /^SELECT 0\n(.*\n)*SET shared "a & b"\n/,
  );
  await page.keyboard.press('Escape');
  await enter(page, 'FLUSHALL');
  await lastLine(page, 'OK');
  const file = join(folder, 'dump.rdb');
  await writeFile(file, image);
  await openFile(page, file);
  await page.locator('.log', { hasText: 'dump.rdb' }).waitFor();
  await page.keyboard.press('Escape');
  await enter(page, 'GET shared');
  await lastLine(page, '"a & b"');
}
