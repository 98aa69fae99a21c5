/**
 * Several engines in one thread, of which one runs a script that never ends.
 *
 * @module
 */

/** @typedef {import('../../src/redlet.js').Redlet} Redlet */

/**
 * @param {(options?: any) => Promise<Redlet>} open
 * @returns {Promise<string[]>} what the engines answered
 */
export async function runaway(open) {
  const options = { config: { 'busy-reply-threshold': 20 } };
  const [redis, ...others] = await Promise.all([open(options), open(), open()]);
  const seen = [];
  const tell = (/** @type {any} */ error) => error.code;
  const endless = redis.call('EVAL', 'while true do end', 0).catch(tell);
  // The thread is left to others between two of the script's steps: their timers, their engines.
  const client = redis.client();
  while ((await client.call('PING').catch(tell)) !== 'BUSY') {
    await new Promise((resolve) => setTimeout(resolve));
  }
  for (const other of others) {
    await other.call('SET', 'k', 'v');
    seen.push(await other.call('INCR', 'n'), await other.call('DBSIZE'));
  }
  seen.push(await client.call('SCRIPT', 'KILL'), await endless);
  seen.push(await redis.call('DBSIZE'));
  // One that has written is not killed: the engine is closed, and only that.
  void redis.call('EVAL', 'redis.call("SET", "k", "v") while true do end', 0).catch(tell);
  while ((await client.call('SCRIPT', 'KILL').catch(tell)) !== 'UNKILLABLE') {
    await new Promise((resolve) => setTimeout(resolve));
  }
  await redis.close();
  for (const other of others) {
    seen.push(await other.call('INCR', 'n'));
    await other.close();
  }
  return seen.map(String);
}

/** What it gives. */
export const EXPECTED = ['1', '2', '1', '2', 'OK', 'ERR', '0', '2', '2'];
