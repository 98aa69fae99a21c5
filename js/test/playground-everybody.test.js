// The playground by keyboard, for screen readers, enlarged, without motion; and a real server's
// file in it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Redis } from 'ioredis';

import { launch, skip } from './browser.js';
import { enter, lastLine, openFile, openPlayground, ready } from './playground.js';
import { spawned } from './servers.js';

/** @typedef {import('playwright-core').Page} Page */

const reference = process.env.REDLET_REFERENCE ?? '/usr/bin/redis-server';
const noServer = existsSync(reference) ? false : 'redis-server is missing: see REDLET_REFERENCE';

test('the playground for everybody', { skip }, async (t) => {
  const { page, complaints, site, browser } = await openPlayground(t);
  await t.test('it says what its parts are', () => checkLabels(page));
  await t.test('the keyboard is enough', () => checkKeyboard(page));
  await t.test('a message flies', async () => {
    const flown = page.waitForSelector('.spark', { state: 'attached' });
    await page.locator('.pane .input').first().focus();
    await enter(page, 'PUBLISH news hello');
    await flown;
    await page.waitForSelector('.spark', { state: 'detached' });
  });
  assert.deepEqual(complaints, []);

  await t.test('nothing moves for who wants no motion', async () => {
    const calm = await launch(true);
    // By default a page of Playwright's says that motion is welcome.
    const still = await calm.newPage({ reducedMotion: null });
    await still.goto(`${site.url}?fresh`);
    await ready(still);
    await enter(still, 'ZADD scores 1 a 2 b');
    await still.click('#keys li[data-key="kscores"] .key');
    await still.click('#add');
    await enter(still, 'SUBSCRIBE news');
    await lastLine(still, /"subscribe"/);
    await watchMotion(still);
    await still.locator('.pane .input').first().focus();
    await enter(still, 'ZADD scores 3 a');
    await still.locator('.ranks li', { hasText: '1a3' }).waitFor();
    await enter(still, 'PUBLISH news hello');
    await still.locator('.pane').last().getByText('"hello"').waitFor();
    assert.deepEqual(await still.evaluate('moved'), []);
    await calm.close();
  });

  await t.test('at 200 %', async () => {
    // A window of 1280 by 1024, enlarged twice.
    const viewport = { width: 640, height: 512 };
    const large = await browser.newPage({ viewport, deviceScaleFactor: 2 });
    await large.goto(`${site.url}?fresh`);
    await ready(large);
    for (const tab of ['keys', 'learn', 'terminal']) {
      await large.click(`#tabs [data-tab=${tab}]`);
      const width = await large.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(width, viewport.width, tab);
    }
    await enter(large, 'RPUSH queue first second');
    await lastLine(large, '(integer) 2');
    for (const part of ['.log > :last-child', '.pane .input', '#add', '#share'])
      await seen(large, part);
    await large.context().close();
  });
});

test('a real server’s file is explored', { skip: skip || noServer }, async (t) => {
  const { port } = await spawned(t, reference);
  const client = new Redis(port);
  for (const line of DATA) await client.call(.../** @type {[string]} */ (line.split(' ')));
  await client.save();
  const [, dir] = /** @type {string[]} */ (await client.config('GET', 'dir'));
  client.disconnect();
  const { page, complaints } = await openPlayground(t);
  await openFile(page, join(String(dir), 'dump.rdb'));
  await page.locator('.log', { hasText: 'dump.rdb' }).waitFor();
  await page.keyboard.press('Escape');
  for (const [key, drawn] of Object.entries(DRAWN)) {
    await page.click(`#keys li[data-key="k${key}"] .key`);
    await page.locator('.look', { hasText: drawn }).waitFor();
  }
  await enter(page, 'XPENDING orders kitchen');
  await lastLine(page, /^1\) \(integer\) 1\n2\) "1-1"/);
  await enter(page, 'TTL session');
  await lastLine(page, /^\(integer\) \d{4}$/);
  assert.deepEqual(complaints, []);
});

/** What a server is given: a value of each type, and of each way to keep it. */
const DATA = [
  'SET session ann EX 5000',
  'SET visits 42',
  'RPUSH queue a b c',
  'CONFIG SET list-max-listpack-size 2',
  'RPUSH nodes a b c d e',
  'SADD numbers 3 1 2',
  'SADD tags red green blue',
  'HSET user name Ada',
  'ZADD scores 120 ada 95 bob',
  'GEOADD cities 13.4 52.5 Berlin 2.35 48.85 Paris',
  'PFADD seen a b c',
  'XADD orders 1-1 item tea',
  'XGROUP CREATE orders kitchen 0',
  'XREADGROUP GROUP kitchen ann STREAMS orders >',
];

/** What the pictures say. @type {Record<string, RegExp>} */
const DRAWN = {
  session: /ann/,
  visits: /Kept as a number/,
  queue: /3 elements, packed/,
  nodes: /5 elements in 3 nodes/,
  numbers: /3 whole numbers/,
  tags: /3 elements, packed in one piece/,
  user: /nameAda/,
  scores: /0bob95/,
  cities: /Berlin/,
  seen: /3 of 16384 registers/,
  orders: /kitchen → ann ×1/,
};

/** @param {Page} page */
async function checkLabels(page) {
  const named = [
    ['group', 'Client client-1'],
    ['log', 'What client-1 sent and was answered'],
    ['textbox', 'Command of client-1'],
    ['group', "The engine's clock"],
    ['group', 'Tools'],
    ['combobox', 'Language'],
    ['combobox', 'How replies are shown'],
    ['region', 'Terminal'],
    ['complementary', 'Keys'],
  ];
  for (const [role, name] of named)
    await page.getByRole(/** @type {'log'} */ (role), { name, exact: true }).waitFor();
  const log = page.locator('.log');
  assert.equal(await log.getAttribute('aria-live'), 'polite', 'replies are announced');
  assert.equal(await page.locator('.pane .state').getAttribute('role'), 'status');
}

/** @param {Page} page */
async function checkKeyboard(page) {
  const { keyboard } = page;
  await keyboard.type('RPUSH queue first second');
  await keyboard.press('Enter');
  await lastLine(page, '(integer) 2');
  await page.locator('#keys li[data-key="kqueue"]').waitFor();
  await tabTo(page, '#keys .key');
  await keyboard.press('Enter');
  await page.locator('.look .cell').first().waitFor();
  await tabTo(page, '.look .read');
  await keyboard.press('Space');
  await lastLine(page, '1) "first"\n2) "second"');
  await tabTo(page, '#add', true);
  await keyboard.press('Enter');
  await keyboard.type('SUBSCRIBE news');
  await keyboard.press('Enter');
  await page.locator('.state', { hasText: 'subscribed to 1' }).waitFor();
  await tabTo(page, '#history', true);
  await keyboard.press('Enter');
  await page.locator('dialog[open] .states li').first().waitFor();
  await keyboard.press('Escape');
  assert.ok(await page.locator('#history').evaluate((part) => part === document.activeElement));
  await tabTo(page, '.pane[data-active] .input');
}

/**
 * Goes on by Tab until an element has the focus.
 *
 * @param {Page} page
 * @param {string} selector
 * @param {boolean} [back]
 */
async function tabTo(page, selector, back = false) {
  for (let step = 0; step < 100; step++) {
    if (await page.evaluate((one) => document.activeElement?.matches(one), selector)) return;
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
  }
  assert.fail(`Tab does not come to ${selector}`);
}

/** Notes what begins to move, as `moved`. @param {Page} page */
async function watchMotion(page) {
  await page.evaluate(() => {
    /** @type {string[]} */
    const moved = [];
    const { animate } = Element.prototype;
    Element.prototype.animate = function (...args) {
      moved.push(this.className);
      return animate.apply(this, args);
    };
    document.addEventListener('animationstart', (event) => moved.push(event.animationName));
    Object.assign(globalThis, { moved });
  });
}

/**
 * Waits until an element is within the window, and what one touches there.
 *
 * @param {Page} page
 * @param {string} selector
 */
function seen(page, selector) {
  return page.waitForFunction((one) => {
    const part = document.querySelector(one);
    const box = part?.getBoundingClientRect();
    if (!part || !box) return false;
    const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return part.contains(there);
  }, selector);
}
