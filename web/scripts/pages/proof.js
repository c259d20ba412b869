// The proof of work before a form under a rush: ALTCHA's widget works unseen, the page says how far
// it is in its own words, and a form that is sent too early waits for it. Without script, or where
// the browser cannot do it, the server gives a turn instead.

import 'altcha/external';

for (const place of document.querySelectorAll('[data-work]')) {
  const worker = place.dataset.worker;
  globalThis.$altcha.algorithms.set('PBKDF2/SHA-256', () => new Worker(worker));

  const widget = place.querySelector('altcha-widget');
  const words = place.querySelector('[role=status]');
  const form = place.closest('form');
  let state = 'working';
  let pressed = null;

  const say = (next) => {
    state = next;
    words.textContent = words.dataset[next];
    if (pressed && state !== 'working') form.requestSubmit(pressed.isConnected ? pressed : undefined);
  };

  widget.addEventListener('statechange', ({ detail }) => {
    if (detail.state === 'verified') say('done');
    else if (detail.state === 'verifying') say('working');
    else if (detail.state === 'error' || detail.state === 'expired') say('failed');
  });
  say('working');

  // On the way down, before anything takes the form for sent.
  window.addEventListener(
    'submit',
    (event) => {
      if (event.target !== form || state !== 'working') return;
      event.preventDefault();
      event.stopImmediatePropagation();
      pressed = event.submitter ?? form.querySelector('[type=submit]');
      words.textContent = words.dataset.wait;
    },
    true,
  );
}
