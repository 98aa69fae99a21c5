// Takes pictures of the playground in twenty-one states, at four widths, light and dark:
//
//     node test/playground-shots.js FOLDER

import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { launch, serveFolder } from './browser.js';
import { root } from './helpers.js';
import { enter, failLesson, openFile, solveLesson } from './playground.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {(name: string) => Promise<unknown>} Take */

const SIZES = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 768, height: 1024 },
  { width: 390, height: 780 },
];

const DATA = [
  'SET greeting "hello, world" EX 60',
  'INCR visits',
  'HSET user:1 name Ada born 1815',
  'HSET user:2 name Bob',
  'HSET user:3 name Eve',
  'HSET user:4 name Mel',
  'HEXPIRE user:1 100 FIELDS 1 born',
  'RPUSH queue first second third',
  'ZADD scores 120 ada 95 bob 143 eve 70 mel',
  'CONFIG SET set-max-listpack-entries 2',
  'SADD tags red green blue white',
  'CONFIG SET list-max-listpack-size 4',
  'RPUSH nodes ada grace linus barbara donald edsger tony alan john haskell',
  'XADD orders * item tea n 2',
  'XADD orders * item milk n 1',
  'XGROUP CREATE orders kitchen 0',
  'XREADGROUP GROUP kitchen ann COUNT 1 STREAMS orders >',
  'PFADD seen a b c d e f',
  'GEOADD cities 13.4 52.5 Berlin 2.35 48.85 Paris 12.5 41.9 Rome',
];

/** How long what moves takes. */
const SETTLED_MS = 700;

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('say which folder: node test/playground-shots.js FOLDER');
await mkdir(resolve(folder), { recursive: true });
const built = await mkdtemp(join(tmpdir(), 'redlet-playground-'));
spawnSync(process.execPath, [join(root, 'playground/build.js'), built], { stdio: 'inherit' });
const site = await serveFolder(built);
const browser = await launch();
for (const viewport of SIZES) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const touch = viewport.width < 400;
    const context = await browser.newContext({
      viewport,
      colorScheme,
      hasTouch: touch,
      isMobile: touch,
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(viewport.width, colorScheme, error.message));
    await page.goto(`${site.url}?fresh`);
    await page.waitForSelector('[data-ready]');
    await states(page, viewport.width < 768, async (name) => {
      await page.waitForTimeout(SETTLED_MS);
      const file = `${name}-${viewport.width}-${colorScheme}.png`;
      await page.screenshot({ path: join(resolve(String(folder)), file) });
    });
    await context.close();
  }
}
await browser.close();
site.close();
await rm(built, { recursive: true });

/**
 * @param {Page} page
 * @param {boolean} narrow whether the page's parts are behind tabs
 * @param {Take} take
 */
async function states(page, narrow, take) {
  const tab = async (/** @type {string} */ name) => {
    if (narrow) await page.click(`#tabs [data-tab=${name}]`);
  };
  const look = async (/** @type {string} */ key, /** @type {string} */ name) => {
    await page.click(`#keys li[data-key="k${key}"] .key`);
    await take(name);
  };
  await take('01-first');
  for (const line of DATA) await enter(page, line);
  await tab('keys');
  await look('scores', '02-sorted-set');
  await page.click('#keys .fold');
  await look('user:1', '03-hash');
  await look('orders', '04-stream');
  await look('cities', '05-geo');
  await look('seen', '06-hyperloglog');
  await look('nodes', '17-nodes');
  await look('tags', '19-table');
  await tab('terminal');
  await enter(page, 'SADD tags black');
  await tab('keys');
  await take('20-table-grown');
  await tab('terminal');
  await enter(page, 'help ZADD');
  await take('07-help');
  await page.click('#wire');
  await enter(page, 'HGETALL user:1');
  await take('08-bytes');
  await page.click('#wire');
  await page.selectOption('#view', 'table');
  await take('08-table');
  await page.selectOption('#view', 'cli');
  await page.click('#add');
  await enter(page, 'SUBSCRIBE news');
  await page.click('#add');
  await enter(page, 'BLPOP jobs 0');
  await take('09-clients');
  await page.click('#history');
  await take('10-history');
  await page.keyboard.press('Escape');
  await page.click('#share');
  await take('11-share');
  await page.keyboard.press('Escape');
  await page.click('.pane[data-active] .stop');
  await enter(page, 'SHUTDOWN');
  await take('12-shut-down');
  await lessons(page, tab, take);
  const session = join(built, 'session.txt');
  const steps = ['SET greeting hello', 'INCR visits', 'INCR visits'].map((line) => `> ${line}`);
  await writeFile(session, ['! seed any', '! time 1000000000000000', ...steps].join('\n'));
  await openFile(page, session);
  await page.click('[data-act=again]');
  await page.click('[data-act=step]');
  await take('21-replay');
}

/**
 * @param {Page} page
 * @param {(name: string) => Promise<unknown>} tab opens a part, where there are tabs
 * @param {Take} take
 */
async function lessons(page, tab, take) {
  await page.goto(`${site.url}?fresh#lesson=0203-wait-for-work`);
  await page.reload();
  await page.waitForSelector('[data-ready]');
  await page.locator('.verdict[data-state=ready]').waitFor();
  await take('13-lesson');
  await failLesson(page, tab);
  await take('14-wrong');
  await solveLesson(page);
  await take('15-solved');
  await page.locator('#learn .after .primary').scrollIntoViewIfNeeded();
  await take('16-next');
  await page.evaluate(() => (location.hash = 'lesson=0602-when-the-memory-is-full'));
  await page.locator('.verdict[data-state=ready]').waitFor();
  await page.click('#learn button[aria-controls=solution]');
  await solveLesson(page);
  await tab('keys');
  await take('18-eviction');
}
