/**
 * Files for SAVE.
 *
 * @module
 */

import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes an `onsave` that writes files: to a temporary file first, which then takes the old one's
 * place, so that a failure leaves the old one whole.
 *
 * @param {string} dir what the configuration's path is relative to
 * @returns {(path: string, image: Uint8Array) => Promise<void>}
 * @example
 * const redis = await open({ onsave: saveTo('./data') });
 * await redis.call('SAVE'); // writes ./data/dump.rdb
 */
export function saveTo(dir) {
  return (path, image) => replaceFile(resolve(dir, path), image);
}

let replaced = 0;

/**
 * Replaces a file so that at any moment the old one is there or the new one, whole.
 *
 * @param {string} target
 * @param {Uint8Array} data
 */
export async function replaceFile(target, data) {
  const temporary = `${target}.${process.pid}-${++replaced}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

/**
 * Makes a new name durable. Systems that cannot sync a folder keep it in their own time.
 *
 * @param {string} folder
 */
async function syncFolder(folder) {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
