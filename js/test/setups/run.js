// Runs the set-ups, each in a project of its own outside the checkout, and prints the table of
// js/README.md. `node test/setups/run.js Vite` runs those whose names hold the word; `--write` puts
// the table into the README.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root } from '../helpers.js';
import { pack } from '../pack.js';
import { setUps } from './all.js';
import { Absent, Project } from './setup.js';

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const chosen = setUps.filter(({ group, name }) => {
  const title = `${group}: ${name}`;
  return words.length === 0 || words.some((word) => title.includes(word));
});

const { tarball, remove } = await pack();
const folder = await mkdtemp(join(tmpdir(), 'redlet-setups-'));
/** @type {Map<string, string[]>} */
const rows = new Map();
/** @type {string[]} */
const left = [];
let failed = 0;
try {
  for (const [i, setUp] of chosen.entries()) {
    const project = new Project(join(folder, String(i)));
    const title = `${setUp.group}: ${setUp.name}`;
    try {
      await project.install(tarball, setUp);
      await setUp.check(project);
      console.log(`ok: ${title}`);
      rows.set(setUp.group, [...(rows.get(setUp.group) ?? []), setUp.name]);
    } catch (error) {
      if (error instanceof Absent) {
        left.push(title);
        console.log(`left out: ${title}: ${error.message}`);
        continue;
      }
      failed++;
      console.log(`not ok: ${title}\n${error instanceof Error ? error.message : error}`);
    } finally {
      await project.end();
      await rm(project.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }
} finally {
  await remove();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

const table = [...rows].map(([group, names]) => `| ${group} | ${names.join(' · ')} |`);
if (process.argv.includes('--write') && failed === 0) await intoReadme(table);
console.log(
  `${table.join('\n')}\n${chosen.length - failed - left.length} passed, ${failed} failed`,
);
process.exitCode = failed > 0 ? 1 : 0;

/** @param {string[]} lines */
async function intoReadme(lines) {
  const file = join(root, 'README.md');
  const text = await readFile(file, 'utf8');
  const between = /(<!-- set-ups -->\n).*?(<!-- \/set-ups -->)/s;
  const head = ['', '| with | as |', '| --- | --- |'];
  await writeFile(file, text.replace(between, `$1${[...head, ...lines, '', ''].join('\n')}$2`));
}
