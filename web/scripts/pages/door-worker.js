// The door's service worker: opens the door's page without a network, and sends what waits when
// the network is back. It keeps that page's shell, which has no registrant's name on it, and its
// assets. `self.KEPT` stands before this script: {version, assets}.

import { send } from '../door/network.js';
import * as store from '../door/store.js';

const { version, assets } = self.KEPT;
const ASSETS = `door-assets-${version}`;
const SHELLS = 'door-shells';
const DOOR = /^\/staff\/checkin\/[0-9a-f-]{36}$/;
const PATIENCE = 5000; // ms until a page that does not come is taken from here

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(ASSETS)
      .then((cache) => cache.addAll(assets))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(renewed().then(() => self.clients.claim()));
});

/** A shell names the assets of its own build: the old ones go when every shell is of this one. */
async function renewed() {
  const shells = await (await caches.open(SHELLS)).keys();
  const fresh = await Promise.all(
    shells.map((request) => keep(new URL(request.url).pathname).catch(() => false)),
  );
  if (fresh.includes(false)) return;
  const old = (await caches.keys()).filter((name) => /^door-assets-/.test(name) && name !== ASSETS);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Fetches a door's shell; one that leads elsewhere (to sign in) is not kept. */
async function keep(path) {
  const answer = await fetch(`${path}/shell`, { cache: 'no-store' });
  if (!answer.ok || new URL(answer.url).pathname !== `${path}/shell`) return false;
  // Written anew: what came by way of a redirect may not answer for a page.
  const { headers, status } = answer;
  const shell = new Response(await answer.blob(), { headers, status });
  await (await caches.open(SHELLS)).put(path, shell);
  return true;
}

self.addEventListener('message', (event) => {
  const { keep: kept, leave } = event.data;
  if (kept) event.waitUntil(keep(`/staff/checkin/${kept}`).catch(() => false));
  if (leave) event.waitUntil(forget(`/staff/checkin/${leave}`));
});

async function forget(path) {
  await (await caches.open(SHELLS)).delete(path);
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && DOOR.test(pathname)) {
    event.respondWith(page(request, pathname));
  } else if (pathname.startsWith('/static/')) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});

/** The page itself, or its shell when it does not come, or comes as the front's own failure. */
async function page(request, path) {
  const shell = await (await caches.open(SHELLS)).match(path);
  if (!shell) return fetch(request);
  const stop = new AbortController();
  const clock = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(request, { signal: stop.signal });
    return answer.status >= 502 ? shell : answer;
  } catch {
    return shell;
  } finally {
    clearTimeout(clock);
  }
}

self.addEventListener('sync', (event) => {
  if (event.tag === 'door-scans') event.waitUntil(sendAll());
});

/** Sends the waiting scans of every door; the page reads the answers when it is opened again. */
async function sendAll() {
  const db = await store.open();
  const waiting = (await db.getAll('scans')).filter((scan) => !scan.sent);
  const doors = new Set(waiting.map((scan) => scan.door));
  for (const door of doors) {
    const mine = await store.unsent(db, door);
    const { results } = await send(door, mine[0].name, mine);
    for (const [index, { result, let_in, conflict }] of results.entries()) {
      await store.change(db, mine[index].id, (now) => {
        const sent = now.undone_at === mine[index].undone_at;
        return { ...now, result, let_in, conflict, sent };
      });
    }
  }
  db.close();
}
