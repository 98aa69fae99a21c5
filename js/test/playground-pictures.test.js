// Looks into keys in Chromium: what is drawn, and that it is seen.

import assert from 'node:assert/strict';
import test from 'node:test';

import { skip } from './browser.js';
import { enter, openPlayground } from './playground.js';

/** @typedef {import('playwright-core').Page} Page */

test('pictures', { skip }, async (t) => {
  const { page, complaints } = await openPlayground(t, { colorScheme: 'dark' });

  await t.test('registers of a HyperLogLog have the page’s colour', async () => {
    await look(page, 'PFADD seen a b c', 'seen');
    const colours = await page.locator('.registers').evaluate((canvas) => {
      const pen = /** @type {any} */ (canvas).getContext('2d');
      const { data } = pen.getImageData(0, 0, 128, 128);
      const found = new Set();
      for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] > 0) found.add(data[i] > data[i + 2]);
      return [...found];
    });
    assert.deepEqual(colours, [true], 'what is drawn is more red than blue, and something is');
  });

  await t.test('a list lies in its nodes', async () => {
    await enter(page, 'CONFIG SET list-max-listpack-size 4');
    await look(page, 'RPUSH queue a b c d e f g h i j', 'queue');
    await texts(page, '.node', [/^abcd4 elements/, /^efgh4 elements/, /^ij2 elements/]);
    // Packed by LZF, and more than are drawn.
    await enter(page, 'CONFIG SET list-max-listpack-size -2');
    const fill = `EVAL "for i=1,2000 do redis.call('rpush','long',10000000+i..'x') end" 0`;
    await look(page, fill, 'long');
    const nodes = await texts(page, '.node', [/24x…/, /elements/, /elements/]);
    const counts = nodes.map((text) => Number(/(\d+) elements/.exec(text)?.[1]));
    assert.deepEqual(counts, [744, 743, 513]);
    await page.getByText('Shown are 24 of 2000.').waitFor();
  });

  await t.test('a hash table has places, and says when it has grown', () => checkGrowth(page));
  await t.test('a large hash table is moved with one change after the other', () =>
    checkMoving(page),
  );

  await t.test('what goes when the memory is full is seen, and why', async () => {
    const eviction = page.locator('.eviction');
    assert.equal(await eviction.isHidden(), true);
    await enter(page, 'FLUSHALL');
    for (const key of ['old', 'young']) {
      // The clock is not turned before the command has been answered.
      await page.evaluate(async (name) => {
        const { redis, clock } = /** @type {any} */ (globalThis).redlet;
        await redis.call('SETRANGE', name, '1000000', 'x');
        clock.advance(60_000);
      }, key);
    }
    const used = await page.evaluate(async () => {
      const info = await /** @type {any} */ (globalThis).redlet.redis.call('INFO', 'memory');
      return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
    });
    await enter(page, `CONFIG SET maxmemory ${used + 500_000}`);
    await eviction.getByText('No key goes.').waitFor();
    await enter(page, 'CONFIG SET maxmemory-policy allkeys-lru');
    await texts(page, '.eviction .next li', [/^oldunused for 2 min/, /^youngunused for \d\d s/]);
    await enter(page, 'CONFIG SET maxmemory-samples 64');
    // The next write finds that there is too much.
    await enter(page, 'SETRANGE new 1000000 x');
    await enter(page, 'SET newer x');
    await texts(page, '.eviction .gone li', [/^oldunused for 2 min/]);
    await eviction.getByText('1 keys had to go.').waitFor();
  });

  assert.deepEqual(complaints, []);
});

/** @param {Page} page */
async function checkGrowth(page) {
  await enter(page, 'CONFIG SET set-max-listpack-entries 2');
  await look(page, 'SADD tags a b c d', 'tags');
  await page.getByText('4 elements in a hash table of 4 places').waitFor();
  const old = (await placesOf(page))[0] ?? new Map();
  assert.deepEqual([...old.keys()].sort(), ['a', 'b', 'c', 'd']);
  await enter(page, 'SADD tags e');
  await page.getByText('The table has grown from 4 to 8 places').waitFor();
  const [before, now] = await placesOf(page);
  assert.deepEqual(before, old, 'what was is drawn beside what is');
  assert.deepEqual([...(now?.keys() ?? [])].sort(), ['a', 'b', 'c', 'd', 'e']);
  // What was in a place is there or as many places on.
  for (const [name, place] of old) assert.equal(Number(now?.get(name)) % 4, place);
  const moved = [...old].filter(([name, place]) => now?.get(name) !== place);
  await page.getByText(`${moved.length} elements, those in a frame`).waitFor();
  const framed = await page.locator('.places').last().locator('.moved').count();
  assert.equal(framed, new Set(moved.map(([name]) => now?.get(name))).size);
  // It shrinks later than it grows.
  await enter(page, 'SREM tags a b c');
  await page.getByText('2 elements in a hash table of 8 places').waitFor();
}

/** @param {Page} page */
async function checkMoving(page) {
  await enter(page, 'CONFIG SET hash-max-listpack-entries 2');
  const fields = Array.from({ length: 64 }, (_, n) => `f${n} ${n}`);
  await look(page, `HSET large ${fields.join(' ')}`, 'large');
  await page.getByText('64 elements in a hash table of 64 places').waitFor();
  const old = (await placesOf(page))[0] ?? new Map();
  assert.equal(old.size, 64);
  await enter(page, 'HSET large more 1');
  await page.getByText('65 elements on their way from 64 to 128 places').waitFor();
  assert.deepEqual(withoutMore((await placesOf(page))[0]), old);
  for (const n of [1, 2, 3]) await enter(page, `HSET large more${n} 1`);
  await page.getByText('68 elements in a hash table of 128 places').waitFor();
  const [before, now] = await placesOf(page);
  assert.deepEqual(withoutMore(before), old);
  for (const [name, place] of old) assert.equal(Number(now?.get(name)) % 64, place);
}

/**
 * Where the elements are in the hash tables that are drawn.
 *
 * @param {Page} page
 * @returns {Promise<Map<string, number>[]>}
 */
async function placesOf(page) {
  const tables = await page
    .locator('.places')
    .evaluateAll((grids) =>
      grids.map((grid) => [...grid.children].map((place) => place.getAttribute('title') ?? '')),
    );
  return tables.map((titles) => {
    const names = (/** @type {string} */ title) => title.replace(/^\d+: /, '').split(', ');
    return new Map(
      titles.flatMap((title, at) => (title ? names(title).map((name) => [name, at]) : [])),
    );
  });
}

/** Only what was there at first. @param {Map<string, number>} [places] */
function withoutMore(places) {
  return new Map([...(places ?? [])].filter(([name]) => !name.startsWith('more')));
}

/**
 * Waits until elements say something, each in its turn.
 *
 * @param {Page} page
 * @param {string} selector
 * @param {RegExp[]} want
 */
async function texts(page, selector, want) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const have = await page.locator(selector).allTextContents();
    if (have.length === want.length && want.every((text, i) => text.test(String(have[i]))))
      return have;
    if (Date.now() > deadline) assert.fail(`${selector} says ${have.join(' | ')}`);
    await page.waitForTimeout(20);
  }
}

/**
 * Enters a command, and looks into a key.
 *
 * @param {Page} page
 * @param {string} line
 * @param {string} key
 */
async function look(page, line, key) {
  await enter(page, line);
  await page.click(`#keys li[data-key="k${key}"] .key`);
}
