// What a door keeps in this browser: the list of one activity, and its scans until they are sent.
// Names are personal data: they are erased when the activity is over, when the door is left, or
// (`../lists.js`) when somebody signs out.

import { openDB } from 'idb';

const GRACE = 60 * 60 * 1000; // ms after the end in which somebody may still come in

/** The database; the page and its service worker open the same one. */
export function open() {
  return openDB('lingbao-door', 1, {
    upgrade(db) {
      db.createObjectStore('doors', { keyPath: 'id' });
      db.createObjectStore('people', { keyPath: ['door', 'id'] }).createIndex('door', 'door');
      db.createObjectStore('scans', { keyPath: 'id' }).createIndex('door', 'door');
    },
  });
}

/** Puts a whole list in the place of the one before. */
export async function keepList(db, door, entries) {
  const write = db.transaction(['doors', 'people'], 'readwrite');
  const people = write.objectStore('people');
  for (const key of await people.index('door').getAllKeys(door.id)) people.delete(key);
  for (const entry of entries) people.put({ ...entry, door: door.id });
  write.objectStore('doors').put(door);
  await write.done;
}

/** Takes over what changed since the last time. */
export async function keepChanges(db, door, entries) {
  const write = db.transaction(['doors', 'people'], 'readwrite');
  for (const entry of entries) write.objectStore('people').put({ ...entry, door: door.id });
  write.objectStore('doors').put(door);
  await write.done;
}

export const people = (db, door) => db.getAllFromIndex('people', 'door', door);

/** The scans of a door, the oldest first. */
export async function scans(db, door) {
  const found = await db.getAllFromIndex('scans', 'door', door);
  return found.sort((one, other) => one.at.localeCompare(other.at));
}

/** Changes a scan in one act, so that what two do at once is not lost. Returns it as it is then. */
export async function change(db, id, act) {
  const write = db.transaction('scans', 'readwrite');
  const scan = act((await write.store.get(id)) ?? {});
  await write.store.put(scan);
  await write.done;
  return scan;
}

/** How many people a scan adds to what the server knows, while it waits to be sent. */
export function beyond(scan) {
  if (scan.sent) return 0;
  return scan.undone_at ? -(scan.took_back ?? 0) : scan.let_in;
}

export async function unsent(db, door) {
  return (await scans(db, door)).filter((scan) => !scan.sent);
}

/** Erases a door's list. Scans that wait stay until they are sent: there is no name in them. */
export async function erase(db, door, { waiting = false } = {}) {
  const write = db.transaction(['doors', 'people', 'scans'], 'readwrite');
  const of = write.objectStore('people');
  for (const key of await of.index('door').getAllKeys(door)) of.delete(key);
  for (const scan of await write.objectStore('scans').index('door').getAll(door)) {
    if (scan.sent || waiting) write.objectStore('scans').delete(scan.id);
  }
  write.objectStore('doors').delete(door);
  await write.done;
}

/** Whether nobody is expected any more. */
export const isOver = (ends, now = Date.now()) => Date.parse(ends) + GRACE < now;

/** Erases the lists of activities that are over, and returns their ids. */
export async function eraseOver(db) {
  const over = (await db.getAll('doors')).filter((door) => isOver(door.ends));
  for (const door of over) await erase(db, door.id);
  return over.map((door) => door.id);
}
