/**
 * What the playground's build does for the lessons.
 *
 * @module
 */

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseLesson } from './lesson.js';

const folder = fileURLToPath(new URL('../../../core/testdata/lessons', import.meta.url));

/** @returns {Promise<Map<string, string>>} the lessons' files by name, and a list of them */
export async function lessons() {
  /** @type {Map<string, string>} */
  const files = new Map();
  const list = [];
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.txt')).sort()) {
    const text = await readFile(join(folder, name), 'utf8');
    const { id, title } = parseLesson(name.slice(0, -'.txt'.length), text);
    list.push({ id, title });
    files.set(name, text);
  }
  return files.set('index.json', JSON.stringify(list));
}
