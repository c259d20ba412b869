/** Takes people to the summary of errors; its links go to the field, with the label in sight. */
export function focusErrors(document) {
  const summary = document.querySelector('[data-focus]');
  if (!summary) return;
  summary.focus();
  summary.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    const field = link && document.getElementById(link.getAttribute('href').slice(1));
    if (!field) return;
    event.preventDefault();
    const group = field.closest('.field, .localized') ?? field;
    group.scrollIntoView({ block: 'start' });
    field.focus({ preventScroll: true });
  });
}
