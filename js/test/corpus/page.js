// What the browser tests run in the page.

import { open as openHere } from '../../src/web.js';
import { open as openInWorker } from '../../src/worker.js';
import { runCorpus } from './run.js';
import { EXPECTED, runaway } from './runaway.js';

/** @param {Record<string, string>} texts */
export function corpusInPage(texts) {
  return runCorpus(openHere, texts);
}

/** @param {Record<string, string>} texts */
export function corpusInWorker(texts) {
  return runCorpus(async ({ now, ...options } = {}) => {
    const worker = new Worker(new URL('./hand-turned-worker.js', import.meta.url), {
      type: 'module',
    });
    await new Promise((resolve) => worker.addEventListener('message', resolve, { once: true }));
    const redis = await openInWorker({ ...options, wasm: undefined, worker });
    if (!now) return redis;
    const turn = redis.clock.turn;
    redis.clock.turn = () => {
      worker.postMessage({ hands: now() });
      return turn.call(redis.clock);
    };
    return redis;
  }, texts);
}

/** Several engines, in the page's own thread and then each in a worker. */
export async function runaways() {
  return { seen: [await runaway(openHere), await runaway(openInWorker)], expected: EXPECTED };
}

/** Uses every part of the API of redlet/worker once. */
export async function useWorker() {
  /** @type {string[]} */
  const log = [];
  const config = { 'busy-reply-threshold': 20 };
  const redis = await openInWorker({ config, onlog: (_level, text) => log.push(text) });
  const seen = [];
  seen.push(await redis.call('SET', 'k', 'v'), await redis.pipeline([['GET', 'k'], ['NOPE']]));
  const message = new Promise((resolve) => void redis.subscribe('news', resolve));
  while ((await redis.call('PUBLISH', 'news', 'hello')) === 0);
  seen.push(await message);
  const image = await redis.snapshot();
  await redis.call('FLUSHALL');
  await redis.restore(image);
  seen.push(await redis.call('GET', 'k'));
  await redis.clock.freeze(1_000_000);
  seen.push(await redis.clock.get());
  const fork = await redis.fork();
  await redis.call('SET', 'k', 'w');
  seen.push(
    await fork.pipeline([
      ['GET', 'k'],
      ['REDLET.CLOCK', 'GET'],
    ]),
  );
  await fork.close();
  await redis.call('SET', 'k', 'v');
  const { readable, writable } = redis.connect();
  await writable.getWriter().write(new TextEncoder().encode('PING\r\n'));
  const { value } = await readable.getReader().read();
  seen.push(new TextDecoder().decode(value));
  const endless = redis.call('EVAL', 'while true do end', 0).catch((error) => error.code);
  const other = redis.client();
  seen.push(await other.call('GET', 'k').catch((error) => error.code));
  seen.push(await other.call('SCRIPT', 'KILL'), await endless);
  redis.engine.inbox.frame(99);
  seen.push(await redis.call('PING').catch((error) => error.name));
  seen.push(await redis.call('GET', 'k'));
  await redis.close();
  seen.push(await redis.call('PING').catch((error) => error.message));
  return { seen: seen.map(String), log };
}
