/**
 * The package as `npm pack` makes it, of what `npm run build` has made: many tests pack at a time.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from './helpers.js';

/**
 * Packs into a folder outside the checkout.
 *
 * @returns {Promise<{ folder: string, tarball: string, remove: () => Promise<void> }>}
 */
export async function pack() {
  const folder = await mkdtemp(join(tmpdir(), 'redlet-pack-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const { code, output } = await run('npm', [
    'pack',
    '--ignore-scripts',
    '--pack-destination',
    folder,
  ]);
  if (code !== 0) {
    await remove();
    throw new Error(output);
  }
  const name = /\S+\.tgz/.exec(output)?.[0] ?? '';
  return { folder, tarball: join(folder, name), remove };
}
