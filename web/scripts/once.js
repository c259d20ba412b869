/**
 * Lets a POST form go once: a double press sends nothing twice. The button keeps its look and its
 * focus; it is only deaf until the next page is there (or somebody comes back to this one).
 */
export function sendOnce(document) {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== 'post' || 'allowRepeat' in form.dataset) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
  });
  // Out of the browser's memory of pages: the form is to be sent again.
  window.addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  });
}
