// Solves the playground's lessons in Node, and fails at them as their wrong tries do.

import assert from 'node:assert/strict';
import test from 'node:test';

import { lessons as filed } from '../playground/learn/build.js';
import { Checker, parseLesson, translated } from '../playground/learn/lesson.js';
import { LANGUAGES } from '../playground/learn/words.js';
import { open } from '../src/node.js';
import { readLessons } from './corpus/files.js';
import { EPOCH, Player, playOptions } from './corpus/player.js';

/** @typedef {import('../playground/learn/lesson.js').Lesson} Lesson */
/** @typedef {import('../playground/learn/transcript.js').Step} Step */

for (const [name, text] of Object.entries(await readLessons())) {
  const lesson = parseLesson(name, text);
  test(`${name} ${lesson.title}`, async (t) => {
    assert.ok(lesson.wrong.length >= 2, 'it has fewer than two wrong tries');
    assert.notEqual(await verdict(t, lesson, []), '', 'it is solved before it begins');
    assert.equal(await verdict(t, lesson, lesson.solution), '');
    for (const { says, steps } of lesson.wrong) assert.equal(await verdict(t, lesson, steps), says);
  });
}

for (const lang of LANGUAGES) {
  test(`lessons in ${lang} are about the same`, async () => {
    const files = await filed();
    for (const [name, text] of Object.entries(await readLessons())) {
      const lesson = parseLesson(name.replace(/^lessons\/|\.txt$/g, ''), text);
      const other = files.get(`${lang}/${lesson.id}.txt`);
      assert.ok(other, `there is no ${lesson.id}`);
      const there = translated(lesson, lang, other);
      for (const part of /** @type {const} */ (['why', 'task', 'hint', 'home', 'production']))
        assert.deepEqual(codes(there[part]), codes(lesson[part]), `${lesson.id}, ${part}`);
      assert.deepEqual(there.checks.map(commands), lesson.checks.map(commands));
    }
  });
}

test('a text of another lesson is refused', async () => {
  const [[name, text]] = /** @type {[[string, string]]} */ (Object.entries(await readLessons()));
  const prose = '# t\n# w\n= task\n# t\n= hint\n# h\n= check c\n= home\n# h\n= production\n# p\n';
  assert.throws(() => translated(parseLesson(name, text), 'de', prose), /its checks are not/);
});

/** What stands between backquotes. @param {string[]} blocks */
const codes = (blocks) => blocks.flatMap((text) => text.match(/`[^`]*`/g) ?? []).sort();

/** What a check does, whatever it says. @param {Lesson['checks'][0]} check */
const commands = ({ commands: steps, seen }) => [steps, seen];

test('a lesson without a check is none', () => {
  const text = '# t\n# why\n= picture none\n= task\n# t\n= hint\n# h\n= try\n> PING\nPONG\n';
  const prose = '= home\n# h\n= production\n# p\n';
  assert.throws(() => parseLesson('x', text + prose), /x: no check/);
  assert.throws(() => parseLesson('x', `${text}= check\nZ> PING\nPONG\n${prose}`), /says nothing/);
  assert.throws(() => parseLesson('x', text.replace('none', 'cake') + prose), /no picture cake/);
  assert.throws(() => parseLesson('x', text), /nothing under home/);
});

test('a lesson does not begin on a server that lacks what it needs', async (t) => {
  const [name, text] = /** @type {[string, string]} */ (
    Object.entries(await readLessons()).find(([, source]) => source.includes('\n! config '))
  );
  const redis = await open();
  t.after(() => redis.close());
  const checker = new Checker(redis, parseLesson(name, text));
  await assert.rejects(checker.begin(), /the server was not started with cluster-enabled yes/);
  checker.close();
});

/**
 * Tries a lesson. It is checked behind each step, as in the page, and is done when it is solved.
 *
 * @param {import('node:test').TestContext} t
 * @param {Lesson} lesson
 * @param {Step[]} steps
 * @returns {Promise<string>} what the checks say
 */
async function verdict(t, lesson, steps) {
  const hands = { ms: EPOCH };
  const redis = await open(playOptions(hands, lesson.config));
  t.after(() => redis.close());
  const checker = new Checker(redis, lesson);
  await checker.begin();
  const player = new Player(redis, hands);
  let { says } = await checker.check();
  for (const step of steps) {
    if (says === '') break;
    assert.equal(await player.run({ name: lesson.id, steps: [step] }, '8.0.2'), '');
    for (const reply of player.heard.splice(0)) checker.saw(reply);
    says = (await checker.check()).says;
  }
  checker.close();
  return says;
}
