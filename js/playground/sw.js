/**
 * Keeps the page for when there is no network.
 *
 * @module
 */

/** Is named after all that the page consists of. */
const CACHE = 'redlet FOLDER';
/** @type {string[]} */
const FILES = [/* files */];

const scope = /** @type {any} */ (globalThis);

scope.addEventListener('install', (/** @type {any} */ event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
  scope.skipWaiting();
});

scope.addEventListener('activate', (/** @type {any} */ event) => {
  event.waitUntil(Promise.all([forget(), scope.clients.claim()]));
});

/** Drops what earlier pages consisted of. */
async function forget() {
  const old = (await caches.keys()).filter((name) => /^redlet /.test(name) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

scope.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  if (request.mode === 'navigate') {
    // The page itself says which files it wants: a new one is better than the one that is kept.
    event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreSearch: true })));
  } else {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});
