// Learns Redis in Chromium: every lesson solved, and failed as its wrong tries do.

import assert from 'node:assert/strict';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';

import { lessons as filed } from '../playground/learn/build.js';
import { parseLesson } from '../playground/learn/lesson.js';
import { browser as kind, skip } from './browser.js';
import { readLessons } from './corpus/files.js';
import { root } from './helpers.js';
import { listen, servePlayground } from './playground.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../playground/learn/lesson.js').Step} Step */

const lessons = Object.entries(await readLessons()).map(([name, text]) =>
  parseLesson(name.replace(/^lessons\/|\.txt$/g, ''), text),
);
const [first, second] = /** @type {[typeof lessons[0], typeof lessons[0]]} */ (lessons);

/** In the second browser every sixth, from the second on, must do. */
const played = kind === 'firefox' ? lessons.filter((_, i) => i % 6 === 1) : lessons;

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/** @param {string} body @param {string} [lang] */
const html = (body, lang = 'en') => `<!doctype html><html lang="${lang}"><head>
<meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,"></head>
<body><main><h1>A page</h1>${body}</main></body></html>`;

test('lessons in a browser', { skip }, async (t) => {
  const { site, browser, folder } = await servePlayground(t, {
    'content-security-policy': `${POLICY}; worker-src 'self'; img-src data:; style-src 'self'`,
  });
  const sources = await placeSources(folder);

  /** @param {string} path */
  async function open(path) {
    const page = await browser.newPage();
    const complaints = listen(page);
    page.setDefaultTimeout(30_000);
    await page.goto(site.url + path);
    return { page, complaints };
  }

  await t.test('the course', async (course) => {
    const { page, complaints } = await open(`${sources}/learn.html`);
    await shell(page);
    await course.test('a lesson is chosen, begun, failed and solved', () => checkPanel(page));
    for (const lesson of played) {
      await course.test(`${lesson.id} ${lesson.title}`, () => checkLesson(page, lesson));
    }
    await course.test('progress is kept', () => checkProgress(page));
    assert.deepEqual(complaints, []);
  });

  await t.test('what is on the server goes only when the learner agrees', async () => {
    const { page, complaints } = await open(`${sources}/learn.html#lesson=${first.id}`);
    await shell(page, ['SET', 'mine', 'precious']);
    await page.getByText('the keys that are there now go').waitFor();
    await page.getByRole('button', { name: 'Begin', exact: true }).click();
    await verdict(page, 'ready');
    assert.equal(await page.evaluate('shell.host.redis.call("DBSIZE")'), 0);
    assert.deepEqual(complaints, []);
  });

  await t.test('in German', async () => {
    const { page, complaints } = await open(`${sources}/lernen.html#lesson=${first.id}`);
    await shell(page);
    await page.getByText('Deine Aufgabe').waitFor();
    await page.getByRole('heading', { name: 'Ein Schlüssel und sein Wert' }).waitFor();
    await verdict(page, 'ready', 'Bereit');
    await play(page, lessons[0]?.wrong[0]?.steps ?? []);
    await verdict(page, 'no', 'Unter dem Schlüssel greeting liegt noch nichts.');
    assert.deepEqual(complaints, []);
  });

  await t.test('the page itself', async () => {
    const { page, complaints } = await open('#lesson=0203-wait-for-work');
    await checkPage(page);
    assert.deepEqual(complaints, []);
  });

  await t.test('lessons in another page', async () => {
    const { page, complaints } = await open('lesson.html');
    await checkBlocks(page);
    assert.deepEqual(complaints, []);
  });
});

/**
 * Places the course's sources beside the built page, as they are, with a page round each.
 *
 * @param {string} folder
 */
async function placeSources(folder) {
  const sources = 'sources/playground';
  const at = join(folder, sources);
  for (const name of ['src', 'playground/learn', 'playground/dom.js', 'redlet.wasm'])
    await cp(join(root, name), join(folder, 'sources', name), { recursive: true });
  await copyFile(join(root, 'test/learn/shell.js'), join(at, 'shell.js'));
  await mkdir(join(at, 'lessons/de'), { recursive: true });
  for (const [name, text] of await filed()) await writeFile(join(at, 'lessons', name), text);
  const panel = '<redlet-learn></redlet-learn>';
  await writeFile(join(at, 'learn.html'), html(panel));
  await writeFile(join(at, 'lernen.html'), html(panel, 'de'));
  return sources;
}

/**
 * Starts the page's engine and clients.
 *
 * @param {Page} page
 * @param {string[]} [before] a command that is run before the panel is there
 */
async function shell(page, before) {
  await page.evaluate(async (command) => {
    const from = (/** @type {string} */ path) => import(new URL(path, document.baseURI).href);
    const { open } = await from('../src/worker.js');
    const { Session } = await from('../src/cli/session.js');
    const { format } = await from('../src/cli/reply.js');
    const sds = await from('../src/sds.js');
    const { start } = await from('shell.js');
    const started = await start({ open, Session, format, sds });
    Object.assign(globalThis, { shell: started });
    if (command) await started.host.redis.call(command);
    await from('learn/panel.js');
  }, before);
}

/**
 * Waits until the checks say something.
 *
 * @param {Page} page
 * @param {'ready' | 'no' | 'yes'} state
 * @param {string} [says]
 */
function verdict(page, state, says = '') {
  return page.locator(`.verdict[data-state=${state}]`).filter({ hasText: says }).waitFor();
}

/** @param {Page} page @param {Step[]} steps */
function play(page, steps) {
  return page.evaluate(
    (todo) => /** @type {any} */ (globalThis).shell.play(todo),
    steps.map((step) => ({ ...step })),
  );
}

/** @param {Page} page */
async function checkPanel(page) {
  await page.getByText(`0 of ${lessons.length} lessons done`).waitFor();
  assert.equal(await page.locator('ol.lessons a').count(), lessons.length);
  await page.getByRole('link', { name: second.title }).click();
  await verdict(page, 'ready');
  assert.equal(await page.evaluate('location.hash'), `#lesson=${second.id}`);
  const heading = page.getByRole('heading', { name: second.title });
  assert.ok(
    await heading.evaluate((h) => h === /** @type {any} */ (h.getRootNode()).activeElement),
  );
  const hint = page.getByRole('button', { name: 'Hint' });
  await hint.press('Enter');
  assert.equal(await hint.getAttribute('aria-expanded'), 'true');
  await page.locator('.hint').getByText('lifetime in seconds').waitFor();
  await page.getByRole('button', { name: 'Solution' }).click();
  await page.getByRole('button', { name: /^Run .*SET session:7/ }).click();
  await page.getByText('Take home').waitFor();
  await page.getByRole('button', { name: /^Next: / }).click();
  await verdict(page, 'ready');
  await page.getByRole('button', { name: 'All lessons' }).click();
  await page.getByText(`1 of ${lessons.length} lessons done`).waitFor();
}

/** @param {Page} page @param {typeof lessons[0]} lesson */
async function checkLesson(page, lesson) {
  await page.evaluate((id) => (location.hash = `lesson=${id}`), lesson.id);
  await page.getByRole('heading', { name: lesson.title, level: 2 }).waitFor();
  for (const { says, steps } of lesson.wrong) {
    await verdict(page, 'ready');
    await play(page, steps);
    await verdict(page, 'no', says);
    await page.getByRole('button', { name: 'Start again' }).click();
  }
  await verdict(page, 'ready');
  await play(page, lesson.solution);
  await verdict(page, 'yes');
  await page.getByText('In production').waitFor();
}

/** @param {Page} page */
async function checkProgress(page) {
  await page.goto(page.url().replace(/#.*/, '#'));
  await page.reload();
  await shell(page);
  await page.getByText(`${played.length} of ${lessons.length} lessons done`).waitFor();
  assert.equal(await page.locator('ol.lessons a[data-done]').count(), played.length);
}

/**
 * The lessons beside the page's own panes.
 *
 * @param {Page} page
 */
async function checkPage(page) {
  await verdict(page, 'ready');
  await page.getByRole('button', { name: 'Solution' }).click();
  await page.getByRole('button', { name: 'Run for client-2: BLPOP mails 0' }).click();
  await page.locator('.pane').nth(1).getByText('waits: BLPOP').first().waitFor();
  await page.locator('.pane').nth(0).locator('.input').fill('RPUSH mails ada');
  await page.locator('.pane').nth(0).locator('.input').press('Enter');
  await verdict(page, 'yes');
  assert.equal(await page.getByText('This is a Redis of your own').count(), 0);
  // Who teaches has a link to it, and what puts it into a page.
  await page.click('#share');
  const link = page.locator('dialog input.link');
  await page.click('[data-act="share.lesson"]');
  await page.getByText(/^(Copied: )?\d+ characters/).waitFor();
  assert.match(await link.inputValue(), /^http[^?]*\/#lesson=0203-wait-for-work$/);
  await page.click('[data-act="share.embed"]');
  await page.getByText('Put this into a page').waitFor();
  assert.match(
    await link.inputValue(),
    /^<script .*\/lesson\.js"><\/script><redlet-lesson src="0203-wait-for-work"><\/redlet-lesson>$/,
  );
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  // A server of its own kind, and a reply in the newer protocol.
  await page.evaluate(() => (location.hash = 'lesson=0605-keys-that-stay-together'));
  await verdict(page, 'ready');
  const input = page.locator('.pane').nth(0).locator('.input');
  for (const line of ['HELLO 3', 'MSET order:7:item lamp order:7:price 40']) {
    await input.fill(line);
    await input.press('Enter');
  }
  await verdict(page, 'no', 'is not a lamp');
  await input.fill('MSET {order:7}:item lamp {order:7}:price 40');
  await input.press('Enter');
  await verdict(page, 'yes');
}

/** What a block does not need to be read: all but style, list and text. @param {string} url */
const isHeavy = (url) => !/\.(css|json|txt)$/.test(url);

/** @param {Page} page */
async function checkBlocks(page) {
  /** @type {string[]} */
  const fetched = [];
  page.on('request', (request) => fetched.push(request.url()));
  const block = (/** @type {string} */ id) => page.locator(`redlet-lesson[src*="${id}"]`);
  /** @param {string} id @param {string} line */
  const enter = async (id, line) => {
    const input = block(id).locator('input');
    await input.fill(line);
    await input.press('Enter');
  };
  const solved = (/** @type {string} */ id) =>
    block(id).locator('.verdict[data-state=yes]').waitFor();

  await block('0203').getByRole('heading', { name: 'Wait for work' }).waitFor();
  assert.deepEqual(
    fetched.filter(isHeavy),
    [],
    'nothing heavy is fetched before the reader does something',
  );
  await enter('0101', 'SET greeting "hello, world"');
  await block('0101').getByText('The value is there').waitFor();
  assert.ok(fetched.some((url) => url.endsWith('redlet.wasm')));
  await enter('0101', 'GET greeting');
  await solved('0101');

  // Two clients, of which one waits; each block has a server of its own.
  await block('0203').getByRole('button', { name: 'Client B' }).click();
  await enter('0203', 'BLPOP mails 0');
  await block('0203').getByRole('button', { name: 'Stop waiting' }).waitFor();
  await block('0203').getByRole('button', { name: 'Client A' }).click();
  await enter('0203', 'RPUSH mails ada');
  await solved('0203');

  // A server that is started otherwise.
  await enter('0605', 'MSET order:7:item lamp order:7:price 40');
  await block('0605').getByText('CROSSSLOT').first().waitFor();
  await enter('0605', 'MSET {order:7}:item lamp {order:7}:price 40');
  await solved('0605');
}
