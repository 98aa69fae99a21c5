/**
 * Work that is done again and again, of which only the last state matters.
 *
 * @module
 */

/**
 * Makes a function that does the work. Calls that come while it is under way are one more time of
 * it. What it throws is passed over: the server has gone, or is another, and what comes then has
 * the work done again.
 *
 * @param {() => Promise<unknown>} work
 * @returns {() => Promise<void>}
 */
export function latest(work) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await work().catch(() => {});
    }
    running = false;
  };
}

/**
 * Makes a function that has the work done before the next picture of the page is drawn, once for
 * all calls until then.
 *
 * @param {() => unknown} work
 * @returns {() => void}
 */
export function onceAFrame(work) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      work();
    });
  };
}
