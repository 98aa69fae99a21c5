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

  assert.deepEqual(complaints, []);
});

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
