// Has axe look at the playground: in the states that people meet, light and dark, wide and narrow.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test from 'node:test';

import { skip } from './browser.js';
import {
  enter,
  failLesson,
  lastLine,
  listen,
  openFile,
  ready,
  servePlayground,
  solveLesson,
} from './playground.js';

/** @typedef {import('playwright-core').Page} Page */

const { resolve } = createRequire(import.meta.url);
const source = await readFile(resolve('axe-core/axe.min.js'), 'utf8');

const DATA = [
  'CONFIG SET list-max-listpack-size 2 set-max-listpack-entries 2',
  'CONFIG SET maxmemory 8mb maxmemory-policy allkeys-lru',
  'SET greeting "hello, world" EX 60',
  'HSET user:1 name Ada born 1815',
  'HSET user:2 name Bob',
  'HSET user:3 name Eve',
  'RPUSH queue first second third',
  'ZADD scores 120 ada 95 bob 143 eve',
  'SADD tags red green blue',
  'XADD orders 1-1 item tea',
  'XGROUP CREATE orders kitchen 0',
  'PFADD seen a b c',
  'GEOADD cities 13.4 52.5 Berlin 2.35 48.85 Paris',
  'SETBIT days 3 1',
];

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 780 },
];

test('axe finds nothing in the playground', { skip }, async (t) => {
  const { site, browser } = await servePlayground(t);
  for (const viewport of SIZES) {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      await t.test(`${viewport.width} px, ${colorScheme}`, async () => {
        const options = { viewport, colorScheme, reducedMotion: /** @type {const} */ ('reduce') };
        const context = await browser.newContext(options);
        // An init script is not asked for by the page's policy.
        await context.addInitScript({ content: source });
        const page = await context.newPage();
        const complaints = listen(page);
        await page.goto(`${site.url}?fresh`);
        await ready(page);
        /** @type {string[]} */
        const found = [];
        await states(page, viewport.width < 768, async (name) => {
          found.push(...(await violations(page)).map((line) => `${name}: ${line}`));
        });
        assert.deepEqual(found, []);
        assert.deepEqual(complaints, []);
        await context.close();
      });
    }
  }
});

/**
 * What axe finds, a line for each element.
 *
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
function violations(page) {
  return page.evaluate(async () => {
    const { axe } = /** @type {any} */ (globalThis);
    /** @type {import('axe-core').AxeResults} */
    const results = await axe.run(document, { resultTypes: ['violations'] });
    return results.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, html }) => `${id}: ${target.join(' ')}: ${html.slice(0, 120)}`),
    );
  });
}

/**
 * @param {Page} page
 * @param {boolean} narrow whether the page's parts are behind tabs
 * @param {(name: string) => Promise<unknown>} look
 */
async function states(page, narrow, look) {
  const tab = async (/** @type {string} */ name) => {
    if (narrow) await page.click(`#tabs [data-tab=${name}]`);
  };
  await look('first');
  for (const line of DATA) await enter(page, line);
  await enter(page, 'HGET queue x');
  await lastLine(page, /^\(error\) WRONGTYPE/);
  await page.click('#wire');
  await page.click('#replica');
  await enter(page, 'HGETALL user:1');
  await enter(page, 'INCR visits');
  await enter(page, 'help ZADD');
  await look('terminal');
  await page.selectOption('#view', 'table');
  await look('tables');
  await page.selectOption('#view', 'cli');
  await page.click('#add');
  await enter(page, 'BLPOP jobs 0');
  await page.locator('.pane[data-active] .state').waitFor();
  await look('two clients');
  await page.click('.pane[data-active] .close');
  await enter(page, 'edit');
  await page.locator('.edit .cm-content').waitFor();
  await look('script editor');
  await page.locator('.edit button').last().click();
  await tab('keys');
  for (const key of ['greeting', 'queue', 'scores', 'tags', 'orders', 'seen', 'cities', 'days']) {
    await page.click(`#keys li[data-key="k${key}"] .key`);
    await page.locator('.look').waitFor();
    await look(key);
  }
  for (const dialog of ['#history', '#share']) {
    await page.click(dialog);
    await page.locator('dialog[open]').waitFor();
    await look(dialog);
    await page.keyboard.press('Escape');
  }
  await tab('learn');
  await page.locator('#learn .lessons').first().waitFor();
  await look('lessons');
  await page.locator('#learn .lessons a').first().click();
  await page.locator('.verdict[data-state=ready], .verdict .primary').waitFor();
  await look('lesson');
  await failLesson(page, tab);
  await look('lesson failed');
  await solveLesson(page);
  await look('lesson solved');
  await openFile(page, {
    name: 'session.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('! seed any\n! time 1000000000000000\n> SET greeting hello'),
  });
  await page.locator('#replay').waitFor();
  await look('replay');
  await tab('terminal');
  await enter(page, 'SHUTDOWN');
  await page.locator('.log >> text=Restart').waitFor();
  await look('shut down');
}
