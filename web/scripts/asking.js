/**
 * Inside `data-asks`, shows what applies to the answers so far. A part with `data-shown-when` (the
 * name of a field) is there while one of `data-shown-values` is chosen in it; one with
 * `data-counts` (the name of a field) while the number in it is at least `data-shown-from`. What is
 * not shown is not sent, and keeps what was typed for when it is shown again.
 */
export function askWhatApplies(document) {
  for (const root of document.querySelectorAll('[data-asks]')) {
    const update = () => {
      for (const part of root.querySelectorAll('[data-shown-when], [data-counts]')) {
        show(part, applies(root, part));
      }
    };
    root.addEventListener('input', update);
    root.addEventListener('change', update);
    // Out of the browser's memory of pages: its fields are filled by then.
    window.addEventListener('pageshow', update);
    update();
  }
}

function applies(root, part) {
  // In a part that is hidden itself nothing applies; the parts come in the order of the page.
  if (part.parentElement.closest('[hidden]')) return false;
  const { counts, shownFrom, shownWhen, shownValues } = part.dataset;
  if (counts) return answers(root, counts).some((size) => Number(size) >= Number(shownFrom));
  const decisive = JSON.parse(shownValues);
  return answers(root, shownWhen).some((answer) => decisive.includes(answer));
}

function answers(root, name) {
  return [...root.querySelectorAll(`[name="${CSS.escape(name)}"]`)]
    .filter((field) => !field.disabled)
    .filter((field) => !['checkbox', 'radio'].includes(field.type) || field.checked)
    .map((field) => field.value);
}

function show(part, shown) {
  part.hidden = !shown;
  for (const field of part.querySelectorAll('input, select, textarea')) field.disabled = !shown;
}
