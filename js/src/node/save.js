/**
 * Files for SAVE.
 *
 * @module
 */

import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';

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
  let saves = 0;
  return async (path, image) => {
    const target = resolve(dir, path);
    const temporary = `${target}.${process.pid}-${++saves}.tmp`;
    try {
      const file = await open(temporary, 'w');
      try {
        await file.writeFile(image);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  };
}
