/**
 * Reads the transcripts.
 *
 * @module
 */

import { readFile, readdir } from 'node:fs/promises';

const folder = new URL('../../../core/testdata/', import.meta.url);

/** @returns {Promise<Record<string, string>>} transcripts by name, a character for each byte */
export async function readCorpus() {
  return { ...(await readFolder('')), ...(await readFolder('lessons/')) };
}

/** @returns {Promise<Record<string, string>>} the playground's lessons, by name */
export function readLessons() {
  return readFolder('lessons/', 'utf8');
}

/**
 * @param {string} within
 * @param {BufferEncoding} [encoding]
 */
async function readFolder(within, encoding = 'latin1') {
  const place = new URL(within, folder);
  const names = (await readdir(place)).filter((name) => name.endsWith('.txt')).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, place), encoding)));
  return Object.fromEntries(names.map((name, i) => [within + name, String(texts[i])]));
}
