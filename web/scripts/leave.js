/** Asks before somebody leaves a form with `data-leave-warning` in which something was typed. */
export function warnBeforeLeaving(document) {
  let unsaved = false;
  document.addEventListener('input', (event) => {
    if (event.target.form && 'leaveWarning' in event.target.form.dataset) unsaved = true;
  });
  document.addEventListener('submit', (event) => {
    if (!event.defaultPrevented) unsaved = false;
  });
  window.addEventListener('beforeunload', (event) => {
    if (unsaved) event.preventDefault();
  });
}
