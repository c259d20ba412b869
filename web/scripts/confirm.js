/**
 * Asks before a form with `data-confirm` (on it or on the pressed button) is sent, in the page's
 * own dialogue. Browsers without <dialog> send the form; the server asks where it has to.
 */
export function confirmBefore(document) {
  const dialog = document.getElementById('confirm-dialog');
  if (!dialog || typeof dialog.showModal !== 'function') return;
  const title = document.getElementById('confirm-dialog-title');
  const text = document.getElementById('confirm-dialog-text');
  const yes = dialog.querySelector('button[value=yes]');
  const no = dialog.querySelector('button[value=no]');
  let waiting = null; // the form and the button that were pressed
  let agreed = null; // the form that is on its way with the person's yes

  // In the capturing phase: before htmx and before the guard against a double press.
  document.addEventListener(
    'submit',
    (event) => {
      const form = event.target;
      const asker = event.submitter?.dataset.confirm ? event.submitter : form;
      if (!asker.dataset.confirm) return;
      if (agreed === form) {
        agreed = null;
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting = { form, submitter: event.submitter };
      title.textContent = asker.dataset.confirmTitle || title.dataset.default;
      text.textContent = asker.dataset.confirm;
      yes.textContent = asker.dataset.confirmButton || yes.dataset.default;
      const danger = 'confirmDanger' in asker.dataset;
      yes.classList.toggle('btn-danger', danger);
      yes.classList.toggle('btn-primary', !danger);
      dialog.returnValue = '';
      dialog.showModal();
      if (danger) no.focus();
    },
    true,
  );

  dialog.addEventListener('close', () => {
    const pressed = waiting;
    waiting = null;
    if (!pressed || dialog.returnValue !== 'yes') return;
    agreed = pressed.form;
    pressed.form.requestSubmit(pressed.submitter ?? undefined);
    agreed = null;
  });
}
