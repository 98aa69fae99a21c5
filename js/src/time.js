/**
 * The machine's own clock and timers. They are taken when this module loads, and out of the hands
 * of a test runner that has replaced them by then: what it does to Date, setTimeout, setImmediate,
 * performance or queueMicrotask reaches no engine that was not asked to follow it.
 *
 * @module
 */

/**
 * A module of Node, Bun or Deno, by a way that no bundler follows.
 *
 * @param {string} name
 * @returns {any} undefined where there is none
 */
export function builtin(name) {
  try {
    return /** @type {any} */ (globalThis).process?.getBuiltinModule?.(name);
  } catch {
    return undefined; // edge runtimes have it, but throw
  }
}

// Test runners replace the globals; those of Jest replace them in a realm of their own.
const timers = builtin('node:timers') ?? globalThis;
const isBun = Boolean(/** @type {any} */ (globalThis).process?.versions?.bun);
const date = ownDate();
const precise = isBun
  ? date
  : original(builtin('node:perf_hooks')?.performance ?? globalThis.performance);

/** Why no engine can keep time here, or the empty string. */
export const untimely = complaint();

/** @type {() => number} milliseconds since the Unix epoch */
export const now = date.now;

const setTimeout = original(timers.setTimeout, 'setTimeout');
const clearTimeout = original(timers.clearTimeout, 'clearTimeout');

/** @type {(then: () => void, ms: number) => any} */
export const setTimer = isBun ? setTimerOfBun : setTimeout;

/** @type {(timer: any) => void} */
export const clearTimer = isBun ? clearTimerOfBun : clearTimeout;

/** @type {((then: () => void) => any) | undefined} calls it after what is ready has been read */
export const setSoon = original(timers.setImmediate, 'setImmediate');

/** @type {((timer: any) => void) | undefined} */
export const clearSoon = original(timers.clearImmediate, 'clearImmediate');

/** @type {(then: () => void) => void} */
export const enqueue = original(globalThis.queueMicrotask, 'queueMicrotask');

let latest = 0;

/** @returns {number} milliseconds, which always grow and are never 0 */
export function elapsed() {
  latest = Math.max(latest + 1e-6, precise.now());
  return latest;
}

/**
 * What a fake of @sinonjs/fake-timers, on which those of Jest and Vitest are built, stands for.
 *
 * @param {any} given
 * @param {string} [name]
 */
function original(given, name = 'performance') {
  return given?.clock?.[`_${name}`] ?? given;
}

/**
 * Bun's fakes replace no function, but what the functions of this realm do; those that wait for
 * memory are not among them.
 *
 * @param {() => void} then
 * @param {number} ms
 */
function setTimerOfBun(then, ms) {
  if (setTimeout.clock !== true) return setTimeout(then, ms);
  const timer = { wanted: true };
  const memory = new Int32Array(new SharedArrayBuffer(4));
  const { value } = /** @type {any} */ (Atomics).waitAsync(memory, 0, 0, Math.max(ms, 1));
  value.then(() => timer.wanted && then());
  return timer;
}

/** @param {any} timer */
function clearTimerOfBun(timer) {
  if (timer?.wanted) timer.wanted = false;
  else clearTimeout(timer);
}

/** Date as a new realm has it, if that of this one was replaced, or may be. */
function ownDate() {
  const given = original(globalThis.Date, 'Date');
  const native = Function.prototype.toString.call(given.now).includes('[native code]');
  return native && !isBun ? given : (builtin('node:vm')?.runInNewContext('Date') ?? given);
}

/** node:test leaves no way back to the timers that it replaces, and other pages none to Date. */
function complaint() {
  const own = original(timers.setTimeout, 'setTimeout');
  const { node, bun, deno } = /** @type {any} */ (globalThis).process?.versions ?? {};
  const isNode = node && !bun && !deno && timers !== globalThis;
  const lost = isNode && !(Symbol.for('nodejs.util.promisify.custom') in own);
  const fake = [...(lost ? ['setTimeout'] : []), ...(date.isFake || date.isMock ? ['Date'] : [])];
  if (fake.length === 0) return '';
  return (
    `redlet: ${fake.join(' and ')} had been replaced before redlet was loaded: ` +
    'import it at the top of the file, before timers are faked'
  );
}
