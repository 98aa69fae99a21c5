// The worker of redlet/worker, with a clock that messages turn.

let ms = 1_700_000_000_000;
Date.now = () => ms;
globalThis.addEventListener('message', ({ data }) => {
  if (data.hands !== undefined) ms = data.hands;
});

await import('../../src/worker-thread.js');
globalThis.postMessage({ loaded: true });
