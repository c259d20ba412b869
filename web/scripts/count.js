// The 7-bit alphabet of SMS (3GPP TS 23.038). Signs of its extension table take two places.
const GSM = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;
const EXTENDED = /[\^{}\\[~\]|€]/g;

/** How many messages a text takes: 160/153 signs in the 7-bit alphabet, else 70/67 (UCS-2). */
export function smsParts(text) {
  if (text === '') return 0;
  const narrow = GSM.test(text);
  const length = narrow ? text.length + (text.match(EXTENDED) ?? []).length : text.length;
  const [single, joined] = narrow ? [160, 153] : [70, 67];
  return length <= single ? 1 : Math.ceil(length / joined);
}

/** Keeps the line `data-count-for` under a field up to date while somebody types in it. */
export function countWhileTyping(root) {
  for (const line of root.querySelectorAll('[data-count-for]')) {
    const field = document.getElementById(line.dataset.countFor);
    if (!field || line.dataset.counting) continue;
    line.dataset.counting = 'yes';
    const say = () => {
      line.textContent = line.dataset.text
        .replace('{n}', String([...field.value].length))
        .replace('{parts}', String(smsParts(field.value)));
    };
    field.addEventListener('input', say);
    say();
  }
}
