// The playground's terminal in other pages, on phones, in German, and as a client of a server.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

import { skip } from './browser.js';
import { enter, lastLine, listen, ready, servePlayground, tap } from './playground.js';

test('blocks in a page, and phones', { skip }, async (t) => {
  const { site, browser } = await servePlayground(t);

  await t.test('a block in a page, under a strict policy', async () => {
    const page = await browser.newPage();
    const complaints = listen(page);
    /** @type {string[]} */
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${site.url}embed.html`);
    const blocks = page.locator('redlet-repl');
    await blocks.nth(0).getByText('Run').waitFor();
    assert.ok(!asked.some((url) => /\.wasm$|pane\.js$|worker/.test(url)), asked.join());
    const last = (/** @type {number} */ n, /** @type {string} */ text) =>
      blocks.nth(n).locator('.log > :last-child', { hasText: text }).waitFor();
    await blocks.nth(0).getByText('Run').click();
    await last(0, '3) "third"');
    await blocks.nth(1).getByText('Run').click();
    await last(1, '(integer) 2');
    await blocks.nth(2).getByText('Run').click();
    await last(2, '(integer) 60');
    await blocks.nth(2).locator('.input').fill('DBSIZE');
    await blocks.nth(2).locator('.input').press('Enter');
    await last(2, '(integer) 1');
    assert.deepEqual(complaints, []);
    await page.close();
  });

  await t.test('a phone', async () => {
    const viewport = { width: 390, height: 740 };
    const page = await browser.newPage({ viewport, hasTouch: true, isMobile: true });
    const complaints = listen(page);
    await page.goto(site.url);
    await ready(page);
    await enter(page, 'BLPOP nothing 0');
    await page.locator('.prompt').getByText('redlet …>').waitFor();
    await tap(page, '.keys >> text=Stop');
    await page.locator('.prompt').getByText('redlet>', { exact: true }).waitFor();
    await tap(page, '.keys >> text=↑');
    assert.equal(await page.locator('.input').inputValue(), 'BLPOP nothing 0');
    await page.locator('.input').fill('HGETA');
    await tap(page, '.keys >> text=Tab');
    assert.equal(await page.locator('.input').inputValue(), 'HGETALL ');
    await enter(page, 'SET k v');
    await lastLine(page, 'OK');
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('button, select')]
        .map((element) => ({ text: element.outerHTML, box: element.getBoundingClientRect() }))
        .filter(({ box }) => box.height > 0 && box.height < 44)
        .map(({ text, box }) => `${text} ${box.height}`)
        .filter((text) => !text.includes('class="try"')),
    );
    assert.deepEqual(small, []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(wide, viewport.width);
    await tap(page, '#tabs [data-tab=keys]');
    await tap(page, '#keys .key');
    await page.locator('.look .cell').getByText('v').waitFor();
    assert.deepEqual(complaints.filter(unlessMissing), []);
    await page.close();
  });
});

test('languages, and what comes first', { skip }, async (t) => {
  const { site, browser, folder } = await servePlayground(t);

  await t.test('in German', async () => {
    const page = await browser.newPage({ locale: 'de-DE' });
    await page.goto(`${site.url}?fresh`);
    await ready(page);
    await page.getByText('Das ist ein eigenes Redis').waitFor();
    await page.locator('#keys h2').getByText('Schlüssel').waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await page.close();
  });

  await t.test('it can be typed in before the engine has come, after few bytes', async () => {
    const page = await browser.newPage();
    /** @type {() => void} */
    let go = () => {};
    const gate = new Promise((resolve) => (go = () => resolve(undefined)));
    await page.route('**/start.js', async (route) => {
      await gate;
      await route.continue();
    });
    await page.goto(`${site.url}?fresh`);
    await enter(page, 'INCR early');
    go();
    await ready(page);
    await lastLine(page, '(integer) 1');
    const html = await readFile(join(folder, 'index.html'), 'utf8');
    const needs = /(?:href|src)="\.\/([^"]+\.(?:css|js))"(?! fetchpriority)/g;
    const files = ['index.html', ...[...html.matchAll(needs)].map(([, name]) => String(name))];
    let packed = 0;
    for (const name of files) packed += gzipSync(await readFile(join(folder, name))).length;
    assert.ok(files.length > 10 && packed < 50_000, `${files.length} files, ${packed} bytes`);
    await page.close();
  });
});

/** A server that has no server.json is asked for it all the same. @param {string} text */
function unlessMissing(text) {
  return !/Failed to load resource/.test(text);
}
