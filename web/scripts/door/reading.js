// What was scanned or typed, told apart without a network. The server does the same for itself
// (checkin/reading.py); what is no ticket of ours never leaves this device.

const LENGTH = 8;

/** `{what}`, with `code` for a ticket and `id` for a registrant's own link. */
export function read(text) {
  const shown = text.normalize('NFKC').trim();
  if (/^(BEGIN:VCARD|MECARD:|BIZCARD:)/i.test(shown)) return { what: 'card' };
  if (shown.includes('://')) {
    const id = linked(shown);
    return id ? { what: 'link', id } : { what: 'address' };
  }
  const code = shown.toUpperCase().replace(/[^\p{L}\p{N}]/gu, '');
  if (/^[A-Z0-9]+$/.test(code) && shown.length <= 2 * LENGTH) {
    if (code.length === LENGTH) return { what: 'ticket', code };
    if (code.length < LENGTH) return { what: 'part' };
  }
  return { what: 'other' };
}

/** The id that stands at the beginning of a manage token; the server checks its signature. */
function linked(shown) {
  const [, token] = shown.match(/^[a-z]+:\/\/[^/]+\/registrations\/([\w-]{43})(?:[/?#]|$)/i) ?? [];
  if (!token) return null;
  const bytes = atob(token.slice(0, 24).replace(/-/g, '+').replace(/_/g, '/'));
  const digits = [...bytes.slice(0, 16)].map((sign) =>
    sign.charCodeAt(0).toString(16).padStart(2, '0'),
  );
  return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
