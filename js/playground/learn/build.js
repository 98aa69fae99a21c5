/**
 * What the playground's build does for the lessons.
 *
 * @module
 */

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseLesson, translated } from './lesson.js';
import { LANGUAGES } from './words.js';

const folder = fileURLToPath(new URL('../../../core/testdata/lessons', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * The lessons' files by name, those in other languages in a folder each, and a list of them.
 *
 * @returns {Promise<Map<string, string>>}
 */
export async function lessons() {
  /** @type {Map<string, string>} */
  const files = new Map();
  const list = [];
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.txt')).sort()) {
    const text = await readFile(join(folder, name), 'utf8');
    const lesson = parseLesson(name.slice(0, -'.txt'.length), text);
    /** @type {import('./course.js').Entry['titles']} */
    const titles = { en: lesson.title };
    for (const lang of LANGUAGES) {
      const other = await readFile(join(here, lang, name), 'utf8').catch(() => undefined);
      if (other === undefined) continue;
      titles[lang] = translated(lesson, lang, other).title;
      files.set(`${lang}/${name}`, other);
    }
    list.push({ id: lesson.id, titles });
    files.set(name, text);
  }
  return files.set('index.json', JSON.stringify(list));
}
