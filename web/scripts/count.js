// The length of text messages as networks count it (3GPP TS 23.038); the server counts alike, see
// services/notifications/messages/sms.py. Signs of the extension table take two places.
const NARROW = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\[~\]|€]*$/;
const EXTENDED = /[\f^{}\\[~\]|€]/;
const PERSONAL = /\{\{-?\s*(\w+)[^{}]*\}\}/g;
const TAG = /\{%[^{}]*%\}/g;

/** The places that a text takes and its parts: 160/153 in the 7-bit alphabet, else 70/67. */
export function smsLength(text) {
  if (text === '') return { places: 0, parts: 0 };
  const narrow = NARROW.test(text);
  const [single, joined] = narrow ? [160, 153] : [70, 67];
  // By code points, so that neither an escape nor a surrogate pair is torn apart.
  const sizes = Array.from(text, (sign) => (narrow ? (EXTENDED.test(sign) ? 2 : 1) : sign.length));
  const places = sizes.reduce((sum, size) => sum + size, 0);
  if (places <= single) return { places, parts: 1 };
  let parts = 1;
  let room = joined;
  for (const size of sizes) {
    if (size > room) {
      parts += 1;
      room = joined;
    }
    room -= size;
  }
  return { places, parts };
}

/** What goes out for a text in a field: signature, sample words for personal ones, endings. */
function asSent(field, frame) {
  if (field.value.trim() === '') return '';
  const words = frame.words ?? {};
  const text = field.value
    .trim()
    .replace(TAG, '')
    .replace(PERSONAL, (sign, name) => words[name] ?? sign);
  const chosen = (name) => {
    const control = field.form?.elements[name];
    return control instanceof HTMLInputElement ? (control.checked ? control.value : '') : (control?.value ?? '');
  };
  const endings = (frame.endings ?? [])
    .filter(({ field: name, is, not }) => !name || (not === undefined ? chosen(name) === is : chosen(name) !== not))
    .map(({ text: ending }) => ending);
  return [frame.before ?? '', text, ...endings].join('');
}

/** Keeps the line `data-count-for` under a field up to date while somebody types in it. */
export function countWhileTyping(root) {
  for (const line of root.querySelectorAll('[data-count-for]')) {
    const field = document.getElementById(line.dataset.countFor);
    if (!field || line.dataset.counting) continue;
    line.dataset.counting = 'yes';
    const frame = line.dataset.sms ? JSON.parse(line.dataset.sms) : null;
    const say = () => {
      const { places, parts } = frame ? smsLength(asSent(field, frame)) : { places: [...field.value].length };
      line.textContent = line.dataset.text.replace('{n}', String(places)).replace('{parts}', String(parts));
    };
    (frame?.endings && field.form ? field.form : field).addEventListener('input', say);
    say();
  }
}
