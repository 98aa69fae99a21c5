// Runs the set-ups, each in a project of its own outside the checkout. `node test/setups/run.js
// Vite` runs those whose names hold the word; `--write` keeps what came of each in results.json,
// and makes the table of README.md anew.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pack } from '../pack.js';
import { setUps, titleOf } from './all.js';
import { keep } from './results.js';
import { Absent, Project } from './setup.js';

const write = process.argv.includes('--write');
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const chosen = setUps.filter((setUp) => {
  return words.length === 0 || words.some((word) => titleOf(setUp).includes(word));
});

const date = new Date().toISOString().slice(0, 10);
const { tarball, remove } = await pack();
const folder = await mkdtemp(join(tmpdir(), 'redlet-setups-'));
let failed = 0;
let left = 0;
try {
  for (const [i, setUp] of chosen.entries()) {
    const project = new Project(join(folder, String(i)));
    const result = await tried(project, setUp);
    if (write) await keep(titleOf(setUp), result);
  }
} finally {
  await remove();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

console.log(`${chosen.length - failed - left} passed, ${failed} failed, ${left} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

/**
 * @param {Project} project
 * @param {import('./setup.js').SetUp} setUp
 * @returns {Promise<import('./results.js').Result | undefined>}
 */
async function tried(project, setUp) {
  const title = titleOf(setUp);
  try {
    await project.install(tarball, setUp);
    const figure = await setUp.check(project);
    console.log(`ok: ${title}`, figure ?? '');
    return { date, versions: await project.versions(setUp), ...(figure && { figure }) };
  } catch (error) {
    if (error instanceof Absent) {
      left++;
      console.log(`left out: ${title}: ${error.message}`);
      return { date, absent: error.message };
    }
    failed++;
    console.log(`not ok: ${title}\n${error instanceof Error ? error.message : error}`);
    return undefined;
  } finally {
    await project.end();
    await rm(project.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
