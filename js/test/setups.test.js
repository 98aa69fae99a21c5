// A short cross-section of the set-ups, with the tools of the checkout; `make setups` runs all.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { skip } from './browser.js';
import { pack } from './pack.js';
import { setUps, titleOf } from './setups/all.js';
import { readme } from './setups/results.js';
import { Project } from './setups/setup.js';

const CHOSEN = [
  'Node: import, require',
  'Node: node:test',
  'Jest 30: default',
  'Bun: bun test',
  'Deno: deno test',
  'TypeScript 7: bundler',
  'TypeScript 7: node16',
  'esbuild: Node, ES modules',
  'esbuild: Node, CommonJS',
  'esbuild: page',
  'no bundler: a missing file is named',
];
/** Those that open a page. */
const PAGES = ['esbuild: page', 'no bundler: a missing file is named'];

test('the table of README.md is what is known of the set-ups', async () => {
  const { is, ought } = await readme();
  assert.equal(is, ought);
});

test('set-ups', async (t) => {
  const { tarball, remove } = await pack();
  t.after(remove);
  const folder = await mkdtemp(join(tmpdir(), 'redlet-setups-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [i, title] of CHOSEN.entries()) {
    await t.test(title, { skip: PAGES.includes(title) && skip }, async () => {
      const setUp = setUps.find((each) => titleOf(each) === title);
      if (!setUp) throw new Error('there is no such set-up');
      const project = new Project(join(folder, String(i)));
      await project.install(tarball, setUp, true);
      await setUp.check(project);
    });
  }
});
