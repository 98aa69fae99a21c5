// Data that outlive their tab, in Chromium: in the site's file system, and in a database.

import assert from 'node:assert/strict';
import test from 'node:test';

import { launch, serveFolder, skip } from './browser.js';
import { root, waitUntil } from './helpers.js';

test('data outlive their tab', { skip }, async (t) => {
  const site = await serveFolder(root);
  t.after(() => site.close());
  const browser = await launch();
  t.after(() => browser.close());

  for (const inDatabase of [false, true]) {
    await t.test(inDatabase ? 'in a database' : 'in files', async () => {
      const context = await browser.newContext();
      const tab = async () => {
        const page = await context.newPage();
        await page.goto(site.url);
        /** @param {string} name @param {unknown[]} args @returns {Promise<any>} */
        const call = (name, ...args) =>
          page.evaluate(async ([called, given]) => {
            const url = new URL('/test/corpus/persist.js', globalThis.location.href);
            return (await import(url.href))[called](...given);
          }, /** @type {[string, any[]]} */ ([name, args]));
        return { page, call };
      };

      const first = await tab();
      await first.call('begin', 'shop', inDatabase);
      const large = 'x'.repeat(3_000_000);
      const set = [
        ['SET', 'large', large],
        ['RPUSH', 'list', 'a', 'b'],
        ['BGREWRITEAOF'],
        ['SET', 'k', 'v'],
      ];
      assert.deepEqual((await first.call('run', set)).slice(0, 2), ['OK', 2]);
      await waitUntil('the file is rewritten', async () => {
        const [info] = await first.call('run', [['INFO', 'persistence']]);
        return /aof_rewrite_in_progress:0/.test(info) && /aof_last_bgrewrite_status:ok/.test(info);
      });
      const second = await tab();
      await assert.rejects(second.call('begin', 'shop', inDatabase), /another tab .*'shop' open/);
      await second.call('begin', 'other', inDatabase);
      assert.deepEqual(await second.call('run', [['DBSIZE']]), [0]);
      await second.call('end');

      // A tab that goes while it writes loses nothing that was acknowledged.
      void first.call('count').catch(() => {});
      await waitUntil('it counts', async () => (await first.call('counted')) > 100);
      const counted = await first.call('counted');
      await first.page.close();
      await second.call('begin', 'shop', inDatabase);
      const get = [
        ['GET', 'n'],
        ['STRLEN', 'large'],
        ['LRANGE', 'list', 0, -1],
        ['GET', 'k'],
      ];
      const [n, ...rest] = await second.call('run', get);
      assert.ok(Number(n) >= counted, `${n} of ${counted}`);
      assert.deepEqual(rest, [large.length, ['a', 'b'], 'v']);

      // Nor does an engine that dies; and a file is saved and loaded as on a disk.
      assert.equal(await second.call('die'), 'EngineError');
      assert.deepEqual(await second.call('run', [['GET', 'n']]), [n]);
      assert.deepEqual(await second.call('run', [['SAVE'], ['FLUSHALL']]), ['OK', 'OK']);
      await second.call('end');
      const third = await tab();
      await third.call('begin', 'shop', inDatabase);
      assert.deepEqual(await third.call('run', [['DBSIZE']]), [0]);
      await context.close();
    });
  }
});
