// An application whose code is the same in a test, on a laptop and against a real server: only
// REDIS_URL differs. `node examples/visits.js` runs on an embedded Redis.

import { pathToFileURL } from 'node:url';

import { Redis } from 'ioredis';
import { connect } from 'redlet/connect';

/**
 * Counts the visits of a page, for a day.
 *
 * @param {string} page
 * @param {string} [redisUrl]
 */
export async function visit(page, redisUrl = process.env.REDIS_URL ?? 'memory:visits') {
  const { url, close } = await connect(redisUrl);
  const redis = new Redis(url);
  try {
    const visits = await redis.incr(`visits:${page}`);
    await redis.expire(`visits:${page}`, 86_400);
    return visits;
  } finally {
    await redis.quit();
    await close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(`visit number ${await visit('/')}`);
}
