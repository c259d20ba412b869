// A broadcast's page while it is being sent: its live parts come as server-sent events, each as the
// HTML that takes the place of the part that stands there. Where the stream does not come through,
// the progress is asked for every two seconds, and without any script there is a link.

import { draw, forget } from '../bars.js';

const EVERY = 2000; // ms
const AGAIN = 10000; // ms

function plots(root, act) {
  root.querySelectorAll('[data-chart]').forEach(act);
}

function replace(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
  const old = document.getElementById(fresh.id);
  if (!old) return;
  plots(old, forget);
  old.replaceWith(fresh);
  plots(fresh, draw);
}

function follow(place) {
  const only = place.dataset.liveOnly;
  const stream = new EventSource(place.dataset.live);
  for (const part of ['progress', 'answers']) {
    if (only && only !== part) continue;
    stream.addEventListener(part, (event) => replace(event.data));
  }
  if (!only) stream.addEventListener('status', renew);
  const round = setInterval(() => {
    if (stream.readyState === EventSource.OPEN) return;
    // The network may be away for a while: the next round asks again.
    if (!only) poll().catch(() => {});
    if (stream.readyState !== EventSource.CLOSED) return;
    // It was refused once, which a browser takes for ever; a later try may be let in.
    clearInterval(round);
    setTimeout(() => follow(place), AGAIN);
  }, EVERY);
  stream.addEventListener('end', () => {
    clearInterval(round);
    stream.close();
  });
}

async function poll() {
  const part = document.querySelector('[data-poll]');
  if (!part) return;
  const answer = await fetch(part.dataset.poll);
  if (answer.headers.has('HX-Redirect')) renew();
  else if (answer.ok) replace(await answer.text());
}

// Other acts are offered now, so the whole page is asked for; what is being typed stays.
function renew() {
  const typing = document.activeElement?.matches('input, textarea, select');
  if (!typing) window.location.reload();
}

plots(document, draw);
document.querySelectorAll('[data-live]').forEach(follow);
