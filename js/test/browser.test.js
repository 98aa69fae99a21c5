// The corpus and the API in Chromium, served as plain files.

import assert from 'node:assert/strict';
import test from 'node:test';

import { launch, serveFolder, skip } from './browser.js';
import { readCorpus } from './corpus/files.js';
import { root } from './helpers.js';

test('in Chromium', { skip }, async (t) => {
  const site = await serveFolder(root);
  t.after(() => site.close());
  const browser = await launch();
  t.after(() => browser.close());
  const page = await browser.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(site.url);
  const corpus = await readCorpus();

  /** @param {'corpusInPage' | 'corpusInWorker' | 'runaways' | 'useWorker'} name */
  const inPage = (name) =>
    page.evaluate(async ([called, texts]) => {
      const tests = await import(new URL('/test/corpus/page.js', globalThis.location.href).href);
      return tests[called](texts);
    }, /** @type {const} */ ([name, corpus]));

  for (const name of /** @type {const} */ (['corpusInPage', 'corpusInWorker'])) {
    await t.test(name, async () => {
      const results = await inPage(name);
      assert.equal(results.length, Object.keys(corpus).length);
      for (const { wrong } of results) assert.equal(wrong, '');
    });
  }

  await t.test('runaway scripts', async () => {
    const { seen, expected } = await inPage('runaways');
    assert.deepEqual(seen, [expected, expected]);
  });

  await t.test('redlet/worker', async () => {
    const { seen, log } = await inPage('useWorker');
    const error = "ReplyError: ERR unknown command 'NOPE', with args beginning with: ";
    const script = ['BUSY', 'OK', 'ERR'];
    const end = ['EngineError', 'v', 'redlet: the engine is closed'];
    const want = [
      'OK',
      `v,${error}`,
      'hello',
      'v',
      '1000000',
      'v,1000000',
      '+PONG\r\n',
      ...script,
      ...end,
    ];
    assert.deepEqual(seen, want);
    assert.ok(log.some((/** @type {string} */ text) => text.includes('with the last snapshot')));
  });

  assert.deepEqual(complaints, []);
});
