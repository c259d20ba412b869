/** Buttons with `data-copy` put that text on the clipboard and say so for two seconds. */
export function copyOnPress(document) {
  if (!navigator.clipboard) return; // not a secure address: the text stays selectable
  document.documentElement.classList.add('has-clipboard');
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    const label = button.querySelector('span') ?? button;
    const before = label.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch (error) {
      if (error.name !== 'NotAllowedError') throw error;
      return; // the person or the browser refused
    }
    label.textContent = button.dataset.copied;
    button.disabled = true;
    setTimeout(() => {
      label.textContent = before;
      button.disabled = false;
    }, 2000);
  });
}
