/** Buttons with `data-print` open the browser's own printing. */
export function printOnPress(document) {
  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-print]')) window.print();
  });
}
