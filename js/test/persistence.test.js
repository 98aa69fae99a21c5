// Data that outlive their tab, in Chromium: in the site's file system, and in a database.

import assert from 'node:assert/strict';
import test from 'node:test';

import { launch, serveFolder, skip } from './browser.js';
import { root, waitUntil } from './helpers.js';

const LARGE = 'x'.repeat(3_000_000);

/**
 * @typedef {object} Tab
 * @property {import('playwright-core').Page} page
 * @property {(name: string, ...args: unknown[]) => Promise<any>} call a function of persist.js
 */

/**
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} url
 * @returns {Promise<Tab>}
 */
async function tabOf(context, url) {
  const page = await context.newPage();
  await page.goto(url);
  const call = (/** @type {string} */ name, /** @type {unknown[]} */ ...args) =>
    page.evaluate(async ([called, given]) => {
      const module = new URL('/test/corpus/persist.js', globalThis.location.href);
      return (await import(module.href))[called](...given);
    }, /** @type {[string, any[]]} */ ([name, args]));
  return { page, call };
}

/** @param {Tab} tab */
async function fill(tab) {
  const set = [
    ['SET', 'large', LARGE],
    ['RPUSH', 'list', 'a', 'b'],
    ['BGREWRITEAOF'],
    ['SET', 'k', 'v'],
  ];
  assert.deepEqual((await tab.call('run', set)).slice(0, 2), ['OK', 2]);
  await waitUntil('the file is rewritten', async () => {
    const [info] = await tab.call('run', [['INFO', 'persistence']]);
    return /aof_rewrite_in_progress:0/.test(info) && /aof_last_bgrewrite_status:ok/.test(info);
  });
}

/**
 * Tabs share one engine: each hears the other, and its connections go with it.
 *
 * @param {Tab} first
 * @param {Tab} second
 * @param {Tab} third
 */
async function shareOne(first, second, third) {
  assert.deepEqual(await second.call('run', [['GET', 'k']]), ['v']);
  await second.call('hear', 'news');
  await third.call('hear', 'news');
  const listeners = async () => {
    const [[, count]] = await first.call('run', [['PUBSUB', 'NUMSUB', 'news']]);
    return count;
  };
  assert.equal(await listeners(), 2);
  await third.page.close();
  await waitUntil('its subscription ends', async () => (await listeners()) === 1);
  assert.deepEqual(await first.call('run', [['PUBLISH', 'news', 'hello']]), [1]);
  await waitUntil('it is heard', async () => (await second.call('heard')) === 'hello');
}

/**
 * One that leads and goes while it writes loses nothing that was acknowledged.
 *
 * @param {Tab} first
 * @param {Tab} second
 */
async function loseOne(first, second) {
  void first.call('count').catch(() => {});
  await waitUntil('it counts', async () => (await first.call('counted')) > 100);
  const counted = await first.call('counted');
  const waiting = second.call('wait').catch((error) => String(error));
  await first.page.close();
  assert.match(await waiting, /EngineError.*the tab that ran it has gone/);
  const get = [
    ['GET', 'n'],
    ['STRLEN', 'large'],
    ['LRANGE', 'list', 0, -1],
    ['GET', 'k'],
  ];
  const [n, ...rest] = await second.call('run', get);
  assert.ok(Number(n) >= counted, `${n} of ${counted}`);
  assert.deepEqual(rest, [LARGE.length, ['a', 'b'], 'v']);
  return n;
}

test('data outlive their tab', { skip }, async (t) => {
  const site = await serveFolder(root);
  t.after(() => site.close());
  const browser = await launch();
  t.after(() => browser.close());

  for (const inDatabase of [false, true]) {
    await t.test(inDatabase ? 'in a database' : 'in files', async () => {
      const context = await browser.newContext();
      const tab = async (dir = 'shop') => {
        const made = await tabOf(context, site.url);
        await made.call('begin', dir, inDatabase);
        return made;
      };
      const first = await tab();
      await fill(first);
      const other = await tab('other');
      assert.deepEqual(await other.call('run', [['DBSIZE']]), [0]);
      const second = await tab();
      await shareOne(first, second, await tab());
      const n = await loseOne(first, second);

      // Nor does an engine that dies; and a file is saved and loaded as on a disk.
      assert.equal(await second.call('die'), 'EngineError');
      assert.deepEqual(await second.call('run', [['GET', 'n']]), [n]);
      assert.deepEqual(await second.call('run', [['SAVE'], ['FLUSHALL']]), ['OK', 'OK']);
      await second.call('end');
      const last = await tab();
      assert.deepEqual(await last.call('run', [['DBSIZE']]), [0]);
      await context.close();
    });
  }
});
