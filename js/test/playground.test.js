// Clicks through the playground in Chromium, from a static file server.

import assert from 'node:assert/strict';
import test from 'node:test';

import { skip } from './browser.js';
import { enter, lastLine, openPlayground } from './playground.js';

/** @typedef {import('playwright-core').Page} Page */

test('the playground', { skip }, async (t) => {
  const { page, complaints, site } = await openPlayground(t);
  // All that follows happens offline.
  site.close();

  await t.test('a click on an example runs it', async () => {
    await page.click('text=INCR visits');
    await lastLine(page, '(integer) 1');
    await page.click('text=RPUSH queue first second third');
    await lastLine(page, '(integer) 3');
  });

  await t.test('replies look as in redis-cli', async () => {
    await enter(page, 'LRANGE queue 0 -1');
    await lastLine(page, '1) "first"\n2) "second"\n3) "third"');
    await enter(page, 'HGET queue x');
    await lastLine(page, /^\(error\) WRONGTYPE/);
    await enter(page, 'SET "caf\u00e9" \'a b\' EX 100');
    await lastLine(page, 'OK');
    await enter(page, 'SET "unbalanced');
    await lastLine(page, 'Invalid argument(s)');
    await enter(page, 'INFO server');
    await lastLine(page, /^# Server\r\nredis_version:/);
    await enter(page, 'CLIENT LIST');
    await lastLine(page, /^id=\d+ addr=\S+ .* name=client-1 [^\n]*$/);
    await enter(page, '3 INCR counted');
    await lastLine(page, '(integer) 3');
  });

  await t.test('the keys are shown as they change', () => checkKeys(page));
  await t.test('history, completion, hints, help', () => checkLine(page));
  await t.test('the prompt follows the connection', () => checkPrompt(page));
  await t.test('a text of several lines is run', () => checkPaste(page));
  await t.test('clients side by side', () => checkPanes(page));
  await t.test('what runs is stopped, what is shut down starts again', () => checkStop(page));
  await t.test('the clock is turned', () => checkClock(page));
  await t.test('replies as JSON, CSV and tables', () => checkViews(page));
  await t.test('scripts are written, run, and marked where they are wrong', () => checkEdit(page));
  await t.test('examples are answered as they say in any order', () => checkExamples(page));

  assert.deepEqual(complaints, []);
});

/** @param {Page} page */
async function checkViews(page) {
  const rows = page.locator('.log > :last-child tr');
  const lines = async () => (await rows.allInnerTexts()).map((row) => row.split(/\s*\t\s*/));
  const view = page.locator('#view');
  await enter(page, 'ZADD scores 1.5 ada 2 bob');
  await enter(page, 'ZRANGE scores 0 -1 WITHSCORES');
  await lastLine(page, '1) "ada"\n2) "1.5"\n3) "bob"\n4) "2"');
  await view.selectOption('csv');
  await lastLine(page, '"ada","1.5","bob","2"');
  await view.selectOption('table');
  const scores = [
    ['member', 'score'],
    ...[
      ['ada', '1.5'],
      ['bob', '2'],
    ],
  ];
  assert.deepEqual(await lines(), scores);
  await view.selectOption('json');
  await enter(page, 'ZRANGE scores 0 -1 WITHSCORES');
  await lastLine(page, '[["ada",1.5],["bob",2]]');
  await view.selectOption('table');
  assert.deepEqual(await lines(), scores);
  for (const [line, head] of /** @type {const} */ ([
    ['CLIENT LIST', ['id', 'addr']],
    ['COMMAND DOCS GET', ['name', 'summary']],
    ['COMMAND INFO GET', ['name', 'arity']],
    ['INFO server', ['section', 'name']],
    ['CONFIG GET maxmemory', ['field', 'value']],
    ['MGET a b', ['key', 'value']],
  ])) {
    await enter(page, line);
    await rows.nth(1).waitFor();
    assert.deepEqual((await lines())[0]?.slice(0, 2), head, line);
  }
  await view.selectOption('cli');
  await lastLine(page, '1) (nil)\n2) (nil)');
  await enter(page, 'DEL scores');
  await lastLine(page, '(integer) 1');
}

/** @param {Page} page */
async function checkEdit(page) {
  const answer = page.locator('.edit .answer');
  const write = async (/** @type {string} */ text) => {
    await page.click('.edit .cm-content');
    await page.keyboard.press('Control+a');
    // What is typed over a selection Chromium gives a style, which the policy forbids it.
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(text);
  };
  await enter(page, 'edit');
  await page.click('[data-act=run]');
  await answer.getByText('(integer) 1').waitFor();
  const marked = page.locator('.edit .cm-lint-marker-error');
  for (const [text, line] of /** @type {const} */ ([
    ['local a = 1\n\nreturn a +', 3],
    ['local a = 1\nreturn a + nil', 2],
  ])) {
    await write(text);
    await page.click('[data-act=run]');
    await answer.getByText(`user_script:${line}:`).waitFor();
    assert.equal(await marked.count(), 1);
  }
  await write('return #ARGV');
  await page.click('[data-act=run]');
  await answer.getByText('(integer) 1', { exact: true }).waitFor();
  assert.equal(await marked.count(), 0);
  await write("#!lua name=mine\nredis.register_function('mine', function() return 7 end)");
  await page.click('[data-act=load]');
  await answer.getByText('"mine"').waitFor();
  await page.keyboard.press('Escape');
  await enter(page, 'FCALL mine 0');
  await lastLine(page, '(integer) 7');
}

/** @param {Page} page */
async function checkExamples(page) {
  const answers = async (/** @type {string} */ line, /** @type {RegExp} */ answer) => {
    await page.click(`.help .steps >> text=${line} example:session`);
    await lastLine(page, answer);
  };
  await enter(page, 'help expire');
  await answers('TTL', /^\(integer\) (100|99)$/);
  await answers('PERSIST', /^\(integer\) 1$/);
  await answers('TTL', /^\(integer\) (100|99)$/);
  await enter(page, 'help sunsubscribe');
  await page.click('.help .steps >> text=SUNSUBSCRIBE example:news');
  await lastLine(page, /^1\) "sunsubscribe"\n2\) "example:news"\n3\) \(integer\) 0$/);
  await page.click('.help .steps >> text=PSUBSCRIBE example:*');
  await lastLine(page, /^1\) "psubscribe"/);
  await page.click('.help .steps >> text="SUBSCRIBE example:news"');
  await lastLine(page, /^1\) "subscribe"\n2\) "example:news"\n3\) \(integer\) 1$/);
  await page.locator('.state', { hasText: 'subscribed to 1' }).waitFor();
  await enter(page, 'help psubscribe');
  await page.click('.help .steps >> text=PUNSUBSCRIBE example:*');
  await lastLine(page, /^1\) "punsubscribe"\n2\) "example:\*"\n3\) \(integer\) 0$/);
  await enter(page, 'help client id');
  await page.locator('.help .answer', { hasText: /^\(integer\) …$/ }).waitFor();
  await enter(page, 'help client pause');
  await page.click('.help .steps >> text=CLIENT UNPAUSE');
  await lastLine(page, 'OK');
  await enter(page, 'help reset');
  await page.click('.help .steps >> text="RESET"');
  await lastLine(page, 'RESET');
  await enter(page, 'help flushall');
  await lastLine(page, /No example: it ends the connection or the server, or empties it\.$/);
}

/** @param {Page} page */
async function checkKeys(page) {
  const row = (/** @type {string} */ key) => page.locator(`#keys li[data-key="k${key}"]`);
  await row('queue').getByText('first, second, third').waitFor();
  await row('visits').getByText('int', { exact: true }).waitFor();
  await page
    .locator('#keys li .left')
    .getByText(/^\d+ s$/)
    .waitFor();
  await enter(page, 'RPUSH queue fourth');
  await row('queue').getByText('first, second, third, fourth').waitFor();
  await row('queue').getByRole('button').click();
  await page.locator('.look .chain .cell').nth(3).getByText('fourth').waitFor();
  await page.click('.look .read');
  await lastLine(page, /4\) "fourth"$/);
  await page.locator('.look .chain .cell').nth(0).click();
  assert.equal(await page.locator('.input').inputValue(), 'LSET queue 0 first');
  await enter(page, 'SET "\\xff\\x00" v');
  await page.locator('#keys .key', { hasText: '\\xff\\x00' }).click();
  await page.click('.look .read');
  await lastLine(page, '"v"');
  await enter(page, 'DEL visits');
  await row('visits').waitFor({ state: 'detached' });
  await enter(page, 'INFO stats');
  await lastLine(page, /keyspace_hits:4\r\n/);
  await enter(page, 'INFO commandstats');
  await lastLine(page, /^(?!.*cmdstat_(scan|type|object|memory|dbsize|pexpiretime))/s);
}

/** @param {Page} page */
async function checkLine(page) {
  const input = page.locator('.input');
  const hint = page.locator('.hint');
  await input.press('ArrowUp');
  assert.equal(await input.inputValue(), 'INFO commandstats');
  await input.press('ArrowDown');
  assert.equal(await input.inputValue(), '');
  await input.pressSequentially('hgeta');
  await hint.getByText('HGETALL').waitFor();
  await input.press('Tab');
  assert.equal(await input.inputValue(), 'hgetall ');
  assert.equal(await page.locator('.ghost').textContent(), 'hgetall key');
  await hint.getByText('HGETALL key').waitFor();
  await input.fill('client li');
  await input.press('Tab');
  assert.equal(await input.inputValue(), 'client list ');
  await input.fill('LLEN qu');
  await input.press('Tab');
  assert.equal(await input.inputValue(), 'LLEN queue ');
  await input.fill('SET k v ke');
  await input.press('Tab');
  assert.equal(await input.inputValue(), 'SET k v keepttl ');
  await input.fill('');
  await input.press('Control+r');
  await input.pressSequentially('rpush');
  await hint.getByText('RPUSH queue fourth').waitFor();
  await input.press('Control+r');
  await hint.getByText('RPUSH queue first second third').waitFor();
  await input.press('Enter');
  await lastLine(page, '(integer) 7');
  await enter(page, 'help expire');
  await lastLine(
    page,
    /^EXPIRE key seconds \[NX \| XX \| GT \| LT\].*since1\.0\.0.*goes by itself/,
  );
  await page.click('.help >> text=help @generic');
  await lastLine(page, /help DEL /);
  await enter(page, 'help xgroup');
  await page.click('.help >> text=help XGROUP SETID');
  await lastLine(page, /^XGROUP SETID key group .*XGROUP SETID example:/);
  await enter(page, 'help time');
  await page.click('.help .examples >> text="TIME"');
  await lastLine(page, /^1\) "\d+"\n2\) "\d+"$/);
  await enter(page, 'help nothing');
  await lastLine(page, 'No command is named nothing');
}

/** @param {Page} page */
async function checkPrompt(page) {
  const prompt = page.locator('.prompt');
  await enter(page, 'SELECT 3');
  await prompt.getByText('redlet[3]>').waitFor();
  await page.getByText('No keys yet').waitFor();
  await enter(page, 'MULTI');
  await prompt.getByText('redlet[3](TX)>').waitFor();
  await enter(page, 'SET k v');
  await enter(page, 'SELECT 4');
  await enter(page, 'EXEC');
  await lastLine(page, '1) OK\n2) OK');
  await prompt.getByText('redlet[4]>').waitFor();
  await enter(page, 'MULTI');
  await enter(page, 'NOPE');
  await page.locator('.state', { hasText: 'refused' }).waitFor();
  await enter(page, 'EXEC');
  await lastLine(page, /EXECABORT/);
  await prompt.getByText('redlet[4]>', { exact: true }).waitFor();
  await enter(page, 'BLPOP nothing 0');
  await prompt.getByText('redlet[4] …>').waitFor();
  await page.locator('.input').press('Control+c');
  await prompt.getByText('redlet>', { exact: true }).waitFor();
  await enter(page, 'SUBSCRIBE news');
  await prompt.getByText('redlet (subscribed)>').waitFor();
  await enter(page, 'UNSUBSCRIBE');
  await prompt.getByText('redlet>', { exact: true }).waitFor();
  await page.locator('.input').press('Control+l');
  assert.equal(await page.locator('.log').textContent(), '');
}

/** @param {Page} page */
async function checkPaste(page) {
  const text =
    '127.0.0.1:6379> SET pasted 1\nOK\n# no command\nredis> INCRBY pasted 41\n(integer) 2';
  await page.locator('.input').evaluate((input, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    const event = new ClipboardEvent('paste', { bubbles: true });
    // Firefox lets nobody but itself say it.
    Object.defineProperty(event, 'clipboardData', { value: clipboardData });
    input.dispatchEvent(event);
  }, text);
  await lastLine(page, '(integer) 42');
  assert.equal(await page.locator('.log > .sent').count(), 2);
}

/** @param {Page} page */
async function checkPanes(page) {
  await page.click('#add');
  const [first, second] = [page.locator('.pane').nth(0), page.locator('.pane').nth(1)];
  await second.locator('.name').fill('');
  await second.locator('.name').pressSequentially('worker');
  await second.locator('.name').press('Enter');
  await enter(page, 'BLPOP jobs 0');
  await second.locator('.state', { hasText: 'waits: BLPOP jobs 0' }).waitFor();
  // A log that has become narrower is still read at its end.
  await page.waitForFunction(() => {
    const log = /** @type {HTMLElement} */ (document.querySelector('.pane .log'));
    return log.scrollHeight - log.scrollTop - log.clientHeight < 2;
  });
  await first.locator('.input').click();
  await enter(page, 'CLIENT LIST');
  await lastLine(page, /name=client-1 [^\n]*\n[^\n]*name=worker [^\n]*cmd=blpop/);
  await enter(page, 'RPUSH jobs one');
  await second.locator('.log > :last-child', { hasText: '1) "jobs"\n2) "one"' }).waitFor();
  await second.locator('.input').click();
  await enter(page, 'SUBSCRIBE news');
  await second.locator('.state', { hasText: 'subscribed to 1' }).waitFor();
  await first.locator('.input').click();
  await enter(page, 'PUBLISH news hello');
  await lastLine(page, '(integer) 1');
  await second.locator('.log > .message', { hasText: '3) "hello"' }).waitFor();
  await second.locator('.close').click();
  await second.waitFor({ state: 'detached' });
  await enter(page, 'PUBLISH news hello');
  await lastLine(page, '(integer) 0');
}

/** @param {Page} page */
async function checkStop(page) {
  const stopped = async () => {
    const start = Date.now();
    await page.click('.pane .stop');
    await page.locator('.prompt').getByText('redlet>', { exact: true }).waitFor();
    await enter(page, 'PING');
    await lastLine(page, 'PONG');
    return Date.now() - start;
  };
  await enter(page, 'BLPOP nothing 0');
  await page.locator('.prompt').getByText('redlet …>').waitFor();
  await stopped();
  await enter(page, "EVAL 'while true do end' 0");
  await page.locator('.state', { hasText: 'waits: EVAL' }).waitFor();
  // Redis itself would let nobody end it before five seconds have passed.
  assert.ok((await stopped()) < 4000);
  await page.locator('#keys .key').first().waitFor();
  await page.click('#share');
  await page.click('dialog >> text=Link with the commands');
  const link = page.locator('dialog .link');
  await link.waitFor();
  assert.match(await link.inputValue(), /PING$/);
  assert.doesNotMatch(await link.inputValue(), /BLPOP\+nothing|while\+true/);
  await page.keyboard.press('Escape');
  await enter(page, 'SHUTDOWN');
  await page.locator('#keys .empty').waitFor();
  await page.click('.log >> text=Restart');
  await enter(page, 'PING');
  await lastLine(page, 'PONG');
}

/** @param {Page} page */
async function checkClock(page) {
  await page.click('#freeze');
  await page.locator('#freeze[aria-pressed=true]').waitFor();
  await enter(page, 'SET session x EX 7200');
  await enter(page, 'TTL session');
  await lastLine(page, '(integer) 7200');
  await page.click('text=+1 h');
  await enter(page, 'TTL session');
  await lastLine(page, '(integer) 3600');
  await page.click('text=+1 h');
  await page.locator('li[data-key="ksession"]').waitFor({ state: 'detached' });
  await page.click('#freeze');
  await page.locator('#freeze[aria-pressed=false]').waitFor();
}
