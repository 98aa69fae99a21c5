// Runs all tests. They need js/redlet.wasm, which `make wasm` builds.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

import { exists, root } from './helpers.js';

if (!(await exists(`${root}/redlet.wasm`))) {
  console.error('redlet.wasm is missing: run make wasm');
  process.exit(1);
}

const build = spawnSync(process.execPath, ['build.js'], { cwd: root, stdio: 'inherit' });
if (build.status !== 0) process.exit(1);

/** How long a test may take; one that lasts longer fails by its name. */
const TEST_MS = 900_000;

const files = readdirSync(`${root}/test`).filter((name) => name.endsWith('.test.js'));
const flags = ['--test', '--test-reporter=spec', `--test-timeout=${TEST_MS}`];
const args = [...flags, ...files.map((name) => `test/${name}`)];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });

/** What is run in Firefox too: what people do in the page. */
const PARTS = ['', '-keep', '-embed', '-pictures', '-everybody'];
const FIREFOX = [...PARTS.map((part) => `playground${part}`), 'learn'];

const again = [...flags, ...FIREFOX.map((name) => `test/${name}.test.js`)];
const env = { ...process.env, REDLET_BROWSER: 'firefox' };
const second = spawnSync(process.execPath, again, { cwd: root, stdio: 'inherit', env });
process.exit(status === 0 ? (second.status ?? 1) : 1);
