// A short sound and a shake with each result, for whoever looks at people and not at the screen.

// Pitch in Hz, then when it begins and how long it lasts in seconds.
const TUNES = {
  good: [[880, 0, 0.12]],
  wait: [[440, 0, 0.3]],
  bad: [[220, 0, 0.2], [220, 0.3, 0.2]],
};
const SHAKES = { good: [60], wait: [150], bad: [150, 100, 150] };

let audio = null;

/** `tone`: good, wait or bad. A browser that has neither keeps silent. */
export function signal(tone) {
  navigator.vibrate?.(SHAKES[tone] ?? []);
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (!Context) return;
  audio ??= new Context();
  for (const [pitch, after, long] of TUNES[tone] ?? []) {
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = pitch;
    volume.gain.value = 0.2;
    source.connect(volume).connect(audio.destination);
    source.start(audio.currentTime + after);
    source.stop(audio.currentTime + after + long);
  }
}
