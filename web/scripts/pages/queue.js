// The waiting room's clock: goes on by the second between two answers of the server, by the server's
// clock and not the telephone's.

let shown = null;
let offset = 0;

const two = (number) => String(number).padStart(2, '0');

function tick() {
  const clock = document.querySelector('[data-clock]');
  if (!clock) return;
  if (clock !== shown) {
    shown = clock;
    offset = Number(clock.dataset.clock) - Date.now();
  }
  const local = new Date(Date.now() + offset + Number(clock.dataset.zone) * 1000);
  clock.textContent = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(two).join(':');
}

tick();
setInterval(tick, 500);
