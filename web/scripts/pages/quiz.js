// A quiz while it is answered: each answer is kept as soon as it is chosen, the clock counts down,
// and when the time is up what is there is handed in. Without a script the buttons do the same, and
// the server keeps the time either way.

const form = document.querySelector('[data-quiz]');
const state = document.querySelector('[data-quiz-state]');
let waiting = Promise.resolve();

function fieldsOf(go) {
  const fields = new URLSearchParams(new FormData(form));
  fields.set('go', go);
  return fields;
}

async function keep() {
  try {
    const answer = await fetch(form.action, { method: 'POST', body: fieldsOf('stay') });
    if (answer.status === 409) {
      window.location.assign(`${form.dataset.home}?late=1`);
    } else if (answer.ok) {
      state.textContent = form.dataset.saved;
    } else if (answer.status === 422) {
      state.textContent = ''; // said in full when the page is sent
    } else {
      state.textContent = form.dataset.unsaved;
    }
  } catch {
    state.textContent = form.dataset.unsaved;
  }
}

// One after the other, so that the last choice is the one that stays.
form?.addEventListener('change', () => {
  waiting = waiting.then(keep);
});

function end() {
  const handIn = document.querySelector('[data-quiz-hand-in]');
  if (form) {
    const go = document.createElement('input');
    go.type = 'hidden';
    go.name = 'go';
    go.value = 'hand-in';
    form.append(go);
    form.submit();
  } else {
    handIn?.submit();
  }
}

function words(seconds) {
  const rest = String(seconds % 60).padStart(2, '0');
  return `${Math.floor(seconds / 60)}:${rest}`;
}

// Counted from when the page came, by a clock that nobody sets: the device's own may be wrong.
function count(clock) {
  const says = document.querySelector('[data-quiz-says]');
  const left = Number(clock.dataset.left);
  const began = performance.now();
  let said = left;
  const show = () => {
    const now = Math.max(0, Math.ceil(left - (performance.now() - began) / 1000));
    clock.textContent = clock.dataset.words.replace('{time}', words(now));
    for (const [at, sentence] of [
      [300, says.dataset.five],
      [60, says.dataset.one],
    ]) {
      if (said > at && now <= at) says.textContent = sentence;
    }
    clock.parentElement.classList.toggle('is-short', now <= 60);
    said = now;
    if (now === 0) {
      clearInterval(round);
      end();
    }
  };
  const round = setInterval(show, 500);
  show();
}

document.querySelectorAll('[data-quiz-clock]').forEach(count);

// Out of the browser's memory of pages the clock would stand where it was.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) window.location.reload();
});
