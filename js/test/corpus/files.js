/**
 * Reads the transcripts.
 *
 * @module
 */

import { readFile, readdir } from 'node:fs/promises';

const folder = new URL('../../../core/testdata/', import.meta.url);

/** @returns {Promise<Record<string, string>>} transcripts by name, a character for each byte */
export async function readCorpus() {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'latin1')));
  return Object.fromEntries(names.map((name, i) => [name, String(texts[i])]));
}
