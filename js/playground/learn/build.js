/**
 * What the playground's build does for the lessons.
 *
 * @module
 */

import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseLesson } from './lesson.js';

const own = fileURLToPath(new URL('.', import.meta.url));
const lessons = join(own, '../../../core/testdata/lessons');

/**
 * Puts the scripts, and a page that shows how a lesson is put into one, into the folder `learn`,
 * and the lessons, with a list of them, into `lessons`.
 *
 * @param {string} target the page's folder
 */
export async function buildLessons(target) {
  await mkdir(join(target, 'learn'), { recursive: true });
  for (const name of await filesOf(own, '.js')) {
    if (name === 'build.js') continue;
    const text = await readFile(join(own, name), 'utf8');
    const there = text.replace(/(["'])\.\.\/\.\.\/src\//g, '$1../redlet/src/');
    await writeFile(join(target, 'learn', name), there);
  }
  await copyFile(join(own, 'embed.html'), join(target, 'learn/embed.html'));
  await mkdir(join(target, 'lessons'), { recursive: true });
  const list = [];
  for (const name of await filesOf(lessons, '.txt')) {
    const text = await readFile(join(lessons, name), 'utf8');
    const { id, title } = parseLesson(name.slice(0, -'.txt'.length), text);
    list.push({ id, title });
    await writeFile(join(target, 'lessons', name), text);
  }
  await writeFile(join(target, 'lessons/index.json'), JSON.stringify(list));
}

/** @param {string} folder @param {string} ending */
async function filesOf(folder, ending) {
  return (await readdir(folder)).filter((name) => name.endsWith(ending)).sort();
}
