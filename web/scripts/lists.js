/**
 * Erases the doors' lists from this browser where somebody has just signed out (the page says so
 * by `data-forget-lists`): they hold names. Scans that wait to be sent stay; they hold none.
 *
 * `door/store.js` keeps the lists. Its library is left out here: every page loads this script.
 */
export function forgetLists(document) {
  if (!document.querySelector('[data-forget-lists]') || !window.indexedDB) return;
  const opening = indexedDB.open('lingbao-door');
  // Where there never was a door, none is made.
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onerror = (event) => event.preventDefault();
  opening.onsuccess = () => {
    const write = opening.result.transaction(['doors', 'people', 'scans'], 'readwrite');
    write.objectStore('doors').clear();
    write.objectStore('people').clear();
    write.objectStore('scans').openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      if (cursor.value.sent) cursor.delete();
      cursor.continue();
    };
    write.oncomplete = () => opening.result.close();
  };
}
