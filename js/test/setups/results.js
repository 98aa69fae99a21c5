/**
 * What came of each set-up when it was last run: results.json, and the table in README.md.
 *
 * @module
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format } from 'prettier';

import { root } from '../helpers.js';
import { setUps, titleOf } from './all.js';

/**
 * @typedef {object} Result of a set-up that passed, or for which a package could not be had
 * @property {string} date
 * @property {string[]} [versions] what it was tried with
 * @property {string} [figure]
 * @property {string} [absent] why it was left out
 */

/** @typedef {Record<string, Result | undefined>} Results by title */

const RESULTS = new URL('results.json', import.meta.url);
const README = join(root, 'README.md');
const BETWEEN = /(<!-- set-ups -->\n).*?(<!-- \/set-ups -->)/s;

/**
 * Keeps a result, and makes the table anew. A set-up that failed, or is no more, loses its place.
 *
 * @param {string} title
 * @param {Result | undefined} result
 */
export async function keep(title, result) {
  const all = { ...(await kept()), [title]: result };
  const known = Object.fromEntries(setUps.map(titleOf).map((each) => [each, all[each]]));
  const text = await format(JSON.stringify(known), { parser: 'json', printWidth: 100 });
  await writeFile(RESULTS, text);
  await writeFile(README, (await readme()).ought);
}

/**
 * README.md as it is, and as it ought to be by what is kept.
 *
 * @returns {Promise<{ is: string, ought: string }>}
 */
export async function readme() {
  const is = await readFile(README, 'utf8');
  const table = await format(tableOf(await kept()), { parser: 'markdown' });
  return { is, ought: is.replace(BETWEEN, `$1\n${table}\n$2`) };
}

/** @returns {Promise<Results>} */
async function kept() {
  return JSON.parse(await readFile(RESULTS, 'utf8'));
}

/** @param {Results} results */
function tableOf(results) {
  /** @type {Map<string, { names: string[], versions: Set<string>, date: string }>} */
  const rows = new Map();
  const left = [];
  for (const setUp of setUps) {
    const { group, name } = setUp;
    const result = results[titleOf(setUp)];
    if (!result) continue;
    const { date, versions, figure, absent } = result;
    if (absent) left.push(`- ${group}, ${name}: ${absent}`);
    if (!versions) continue;
    const row = rows.get(group) ?? { names: [], versions: new Set(), date };
    rows.set(group, row);
    row.names.push(figure ? `${name} (${figure})` : name);
    for (const version of versions) row.versions.add(version);
    if (row.date > date) row.date = date;
  }
  const lines = [...rows].map(
    ([group, { names, versions, date }]) =>
      `| ${group} | ${names.join(' · ')} | ${[...versions].join(', ')} | ${date} |`,
  );
  const head = ['| with | as | versions | on |', '| --- | --- | --- | --- |'];
  const note = left.length > 0 ? ['', 'Left out, and not known:', '', ...left] : [];
  return [...head, ...lines, ...note].join('\n');
}
