// The door's page: takes over its forms, adds the camera, and goes on without a network.

import { look } from '../door/camera.js';
import { Desk } from '../door/desk.js';
import { find } from '../door/people.js';
import { signal } from '../door/signals.js';
import * as store from '../door/store.js';
import { uuid } from '../door/uuid.js';
import { View } from '../door/view.js';

const FOLLOW_EVERY = 3000; // ms between two looks at what the other doors do
const LAST = 12;
const WRONG_CLOCK = 2 * 60 * 1000; // ms

const remembered = {
  get: (name) => localStorage.getItem(`lingbao-door-${name}`) ?? '',
  set: (name, text) => localStorage.setItem(`lingbao-door-${name}`, text),
};

async function start(root) {
  const { activity, ends } = root.dataset;
  const db = await store.open();
  const worker = registered(); // not waited for: the door works without it
  const tell = async (message) => (await worker)?.postMessage(message);
  for (const over of await store.eraseOver(db)) tell({ leave: over });

  const desk = new Desk(db, activity, ends, () => remembered.get('name'));
  const acts = {
    letIn: (entry, people) => shown(desk.letIn(entry, people)),
    undo: (scan) => shown(desk.undo(scan)),
    confirm: (entry) => online(() => desk.confirm(entry)),
    takeBack: async (id) => {
      await failing(() => desk.takeBack(id));
      await conflicts();
    },
    correct: async (scan, entry, people) => {
      if (people === scan.let_in) return;
      await desk.undo(scan);
      await shown(desk.letIn(desk.entry(entry.id), people));
    },
  };
  const view = new View(root, acts);
  let over = false;
  let kept = false; // whether the worker was asked to keep this page
  let disputed = null; // how many conflicts are shown

  async function draw() {
    const scans = await store.scans(db, activity);
    const waiting = scans.filter((scan) => !scan.sent);
    const here = waiting.reduce((sum, scan) => sum + store.beyond(scan), 0);
    const entries = new Map(desk.entries.map((entry) => [entry.id, entry]));
    view.counts(desk.door?.counts, here);
    view.last(scans.slice(-LAST).reverse(), entries);
    let note = Math.abs(desk.offset) > WRONG_CLOCK ? view.wrongClock(desk.offset) : '';
    if (desk.state === 'forbidden') note = view.words.forbidden;
    else if (!desk.door && desk.state !== 'online') note = view.words.noList;
    if (over) note = view.words.over;
    view.state(desk.state, waiting.length, note);
    const words = root.querySelector('[data-form=search] input').value;
    view.found(find(desk.entries, words), words.trim());
    if (waiting.length) await wished();
  }

  async function shown(act) {
    const { scan, entry } = await act;
    const unknown = scan.result === 'not-found' && desk.state !== 'online' && scan.id;
    const tone = view.result(scan, entry, { note: unknown ? view.words.unknown : '' });
    if (remembered.get('sound')) signal(tone);
    await draw();
  }

  /** What only the server can do, with its own sentence when it does not. */
  async function online(act) {
    try {
      await shown(act());
      again();
      return true;
    } catch (error) {
      const { problem } = error;
      if (!error.kind) throw error;
      const sentence = problem?.errors?.[0]?.message ?? problem?.detail;
      view.refusal(problem?.title ?? view.words.needsNetwork, sentence);
      await draw();
      return false;
    }
  }

  /** Does what may fail for want of the network or the right: the state line says so. */
  async function failing(act) {
    try {
      return await act();
    } catch (error) {
      if (!error.kind) throw error;
      return null;
    }
  }

  async function conflicts() {
    const found = await failing(() => desk.conflicts());
    if (!found) return;
    disputed = found.length;
    view.conflicts(found);
    await draw();
  }

  async function follow() {
    await failing(() => desk.follow());
    if (desk.door && desk.door.counts.conflicts !== disputed) await conflicts();
    over = desk.over && !(await store.unsent(db, activity)).length;
    if (over || desk.state === 'forbidden') tell({ leave: activity });
    else if (desk.door && !kept) tell({ keep: activity });
    kept = Boolean(desk.door);
    await draw();
  }

  let following = null;
  let next = null;
  /** One look at a time, then the next one after a while. */
  function again() {
    clearTimeout(next);
    following ??= follow().finally(() => {
      following = null;
      if (!over && desk.state !== 'forbidden') next = setTimeout(again, FOLLOW_EVERY);
    });
    return following;
  }

  forms(root, {
    code: (form) => {
      const field = form.elements.code;
      const text = field.value.trim();
      field.value = '';
      field.focus();
      return text && shown(desk.scan(text));
    },
    search: () => draw(),
    'walk-in': async (form) => {
      const { id, name, party_size } = form.elements;
      const wanted = { id: id.value, party_size: party_size.value || '1' };
      if (name.value.trim()) wanted.name = name.value.trim();
      if (!(await online(() => desk.walkIn(wanted)))) return;
      form.reset();
      id.value = uuid();
      form.closest('details').open = false;
    },
    leave: async () => {
      over = true;
      clearTimeout(next);
      await store.erase(db, activity, { waiting: true });
      // Before the page goes; a worker that never came must not hold it.
      await Promise.race([tell({ leave: activity }), new Promise((go) => setTimeout(go, 1000))]);
      location.assign('/staff/checkin');
    },
  });
  root.querySelector('[data-form=search] input').addEventListener('input', draw);
  settings(root);
  camera(root, view, (text) => shown(desk.scan(text)));

  await desk.load();
  await draw();
  await again();
  window.addEventListener('online', again);
  document.addEventListener('visibilitychange', () => document.hidden || again());
}

/** The service worker that opens this page where there is no network. */
async function registered() {
  if (!('serviceWorker' in navigator)) return null;
  try {
    const options = { scope: '/staff/checkin/' };
    await navigator.serviceWorker.register('/staff/checkin/worker.js', options);
    return (await navigator.serviceWorker.ready).active;
  } catch (error) {
    console.warn('door: works without a network only until it is closed', error.name);
    return null;
  }
}

/** Has the browser send what waits even when the page is closed, where it can. */
async function wished() {
  try {
    const found = await navigator.serviceWorker?.getRegistration('/staff/checkin/');
    await found?.sync?.register('door-scans');
  } catch {
    // Not allowed, or not known here: the page sends them itself while it is open.
  }
}

function forms(root, acts) {
  root.addEventListener('submit', async (event) => {
    const act = acts[event.target.dataset.form];
    if (!act) return;
    event.preventDefault();
    await act(event.target);
  });
}

function settings(root) {
  const name = root.querySelector('#field-door_name');
  name.value = remembered.get('name');
  name.addEventListener('change', () => remembered.set('name', name.value.trim()));
  const sound = root.querySelector('#field-door_sound');
  sound.checked = Boolean(remembered.get('sound'));
  sound.addEventListener('change', () => remembered.set('sound', sound.checked ? 'yes' : ''));
}

function camera(root, view, found) {
  const place = root.querySelector('[data-camera]');
  const button = root.querySelector('[data-camera-button]');
  const says = root.querySelector('[data-camera-says]');
  const video = place.querySelector('video');
  if (!navigator.mediaDevices?.getUserMedia) return;
  place.hidden = false;
  let stop = null;
  button.addEventListener('click', async () => {
    says.textContent = '';
    if (stop) {
      stop();
      stop = null;
    } else {
      video.hidden = false;
      try {
        stop = await look(video, root.dataset.wasm, found);
      } catch (error) {
        const refused = error.name === 'NotAllowedError';
        says.textContent = refused ? view.words.cameraRefused : view.words.cameraNone;
      }
    }
    video.hidden = !stop;
    button.lastElementChild.textContent = stop ? view.words.cameraStop : view.words.cameraStart;
  });
}

const root = document.getElementById('door');
if (root) start(root);
else store.open().then(store.eraseOver); // the choice of doors: what is over goes
