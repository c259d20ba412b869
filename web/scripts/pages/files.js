// Says that a file is too large when it is chosen, before minutes of sending it in vain. The server
// says the same to whoever has no script.

const MEGABYTE = 1024 * 1024;

function check(form) {
  const field = form.querySelector('input[type=file]');
  const most = Number(form.dataset.most);
  const file = field.files[0];
  const sentence =
    file && file.size > most
      ? form.dataset.tooLarge
          .replace('{size}', Math.ceil(file.size / MEGABYTE))
          .replace('{most}', Math.floor(most / MEGABYTE))
      : '';
  const wrapper = field.closest('.field');
  let said = wrapper.querySelector('[data-said]');
  if (!said && sentence) {
    said = document.createElement('p');
    said.className = 'field-error';
    said.dataset.said = '';
    said.setAttribute('role', 'alert');
    field.before(said);
  }
  if (said) said.textContent = sentence;
  wrapper.classList.toggle('has-error', Boolean(sentence));
  return !sentence;
}

for (const form of document.querySelectorAll('form[data-most]')) {
  const field = form.querySelector('input[type=file]');
  field.addEventListener('change', () => check(form));
  form.addEventListener(
    'submit',
    (event) => {
      if (check(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      field.focus();
    },
    true,
  );
}
