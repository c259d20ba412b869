/** Escape closes an open menu (`data-menu` on its `<details>`) and gives the focus back to it. */
export function closeMenus(document) {
  document.addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && event.target.closest('details[data-menu][open]');
    if (!menu) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
}
