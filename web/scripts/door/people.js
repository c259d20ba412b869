// The list as a door reads it by itself: who is meant, and whether to let them in.

/** What the server would most likely answer, as far as this device knows. */
export function judge(entry, wanted) {
  if (!entry) return { result: 'not-found', letIn: 0 };
  if (entry.status !== 'confirmed') return { result: entry.status, letIn: 0 };
  const missing = entry.party_size - entry.came;
  const letIn = Math.min(wanted ?? (entry.came ? 0 : entry.party_size), missing);
  return { result: letIn > 0 ? 'checked-in' : 'already', letIn };
}

/** The entry behind what was read. */
export function meant(entries, shown) {
  return entries.find((entry) =>
    shown.code ? entry.ticket_code === shown.code : entry.id === shown.id,
  );
}

/** Entries by part of a name or the beginning of a code, those who are not in yet first. */
export function find(entries, words, most = 30) {
  const sought = words.normalize('NFKC').trim().toLowerCase();
  // “4号” is part of a name, and no beginning of a code.
  const code = /^[a-z0-9\s-]+$/.test(sought) && sought.toUpperCase().replace(/[\s-]/g, '');
  if (!sought) return [];
  return entries
    .filter(
      (entry) =>
        entry.name.toLowerCase().includes(sought) || (code && entry.ticket_code.startsWith(code)),
    )
    .sort((one, other) => (one.came > 0) - (other.came > 0))
    .slice(0, most);
}
