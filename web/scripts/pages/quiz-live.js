// The room's screen: its live part comes as server-sent events, as the HTML that takes the place of
// what stands there. Arrow keys go from question to question.

const AGAIN = 10000; // ms

function replace(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
  document.getElementById(fresh.id)?.replaceWith(fresh);
}

function follow(place) {
  const stream = new EventSource(place.dataset.quizLive);
  stream.addEventListener('picture', (event) => replace(event.data));
  stream.addEventListener('end', () => stream.close());
  stream.addEventListener('error', () => {
    // It was refused, which a browser takes for ever; a later try may be let in.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => follow(place), AGAIN);
  });
}

document.querySelectorAll('[data-quiz-live]').forEach(follow);

document.addEventListener('keydown', (event) => {
  const way = { ArrowLeft: 'prev', ArrowRight: 'next' }[event.key];
  if (way) document.querySelector(`.live-nav [rel="${way}"]`)?.click();
});
