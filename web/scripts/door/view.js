// Draws what the door shows. Words come with the page, in its language.

const find = (root, name) => root.querySelector(`[data-${name}]`);

/** `el('p', {class: 'x'}, 'text', child)`: an element; what is null or false is left out. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== false && child !== ''));
  return made;
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export class View {
  /** `acts`: what the buttons do: `letIn(entry, people)`, `undo(scan)`, `confirm(entry)`. */
  constructor(root, acts) {
    this.root = root;
    this.acts = acts;
    this.drawn = {};
    this.words = JSON.parse(root.dataset.words);
    this.clock = new Intl.DateTimeFormat(root.dataset.language, {
      hour: '2-digit',
      minute: '2-digit',
      hour12: false,
      timeZone: root.dataset.zone,
    });
  }

  icon(name, large = false) {
    const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    made.setAttribute('class', large ? 'icon icon-l' : 'icon');
    made.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    use.setAttribute('href', `${this.root.dataset.icons}#${name}`);
    made.append(use);
    return made;
  }

  button(label, act, tone = 'btn-primary') {
    return el('button', { type: 'button', class: `btn ${tone}`, click: act }, label);
  }

  time(moment) {
    return this.clock.format(new Date(moment));
  }

  /** Whether a list was drawn like this already: then what has the focus keeps it. */
  same(list, content) {
    const text = JSON.stringify(content);
    if (this.drawn[list] === text) return true;
    this.drawn[list] = text;
    return false;
  }

  /** How many of a party are here. */
  party(entry) {
    const { party, children } = this.words;
    const here = filled(party, { came: entry.came, party: entry.party_size });
    return entry.children ? `${here} · ${filled(children, { n: entry.children })}` : here;
  }

  counts(counts, waiting = 0) {
    if (!counts) return;
    find(this.root, 'came').textContent = counts.came + waiting;
    find(this.root, 'expected').textContent = counts.expected;
    const left = find(this.root, 'left');
    left.textContent = counts.places_left ?? '';
    left.parentElement.hidden = counts.places_left === null;
  }

  /** The state of the network. `state`: online, offline, signed-out, forbidden. */
  state(state, waiting, note = '') {
    const { words } = this;
    const place = find(this.root, 'state');
    const line = [];
    if (state === 'signed-out') {
      const way = `/staff/sign-in?next=${encodeURIComponent(location.pathname)}`;
      line.push(words.signedOut, el('a', { href: way }, words.signIn));
    } else if (state === 'offline') {
      line.push(el('strong', {}, words.offline), words.offlineNone);
    } else if (state === 'online') {
      line.push(words.online);
    }
    if (waiting) {
      const text = filled(words.waiting, { n: waiting });
      line.push(el('span', { 'data-waiting': waiting }, text));
    }
    if (note) line.push(note);
    const text = line.map((part) => part.textContent ?? part).join(' ');
    if (place.textContent.trim() === text && place.dataset.is === state) return;
    place.dataset.is = state;
    place.replaceChildren(...line.flatMap((part) => [part, ' ']));
  }

  wrongClock(offset) {
    return filled(this.words.clock, { n: Math.round(Math.abs(offset) / 60000) });
  }

  /** The large answer. `scan` as it is kept, `entry` the party if it is on the list. */
  result(scan, entry, { note = '' } = {}) {
    const { words } = this;
    const kind = scan.undone_at ? 'undone' : scan.result;
    const [tone, sign] = words.tones[kind];
    const todo =
      kind === 'not-found' ? (words.what[scan.what] ?? words.todo[kind]) : words.todo[kind];
    const first =
      kind === 'already' &&
      scan.first_at &&
      filled(scan.first_door ? words.firstDoor : words.firstAt, {
        time: this.time(scan.first_at),
        door: scan.first_door,
      });
    const acts = el('div', { class: 'actions' });
    if (scan.let_in && !scan.undone_at) acts.append(...this.partial(scan, entry));
    else if (entry) acts.append(...this.letIns(entry));
    if (scan.let_in && !scan.undone_at) {
      acts.append(this.button(words.undo, () => this.acts.undo(scan), 'btn-outline-primary'));
    }
    this.show(tone, sign, words.results[kind], [
      entry && el('p', { class: 'door-name' }, entry.name),
      entry && el('p', {}, this.party(entry)),
      first && el('p', {}, first),
      todo && el('p', {}, todo),
      note && el('p', { class: 'fine' }, note),
      acts,
    ]);
    return tone;
  }

  /** What cannot be done, in the server's words or ours. */
  refusal(title, detail = '') {
    this.show('bad', 'x-lg', title, [detail && el('p', {}, detail)]);
  }

  show(tone, sign, word, parts) {
    const place = this.root.querySelector('#result');
    place.className = `door-result door-${tone}`;
    place.hidden = false;
    place.replaceChildren(
      el('p', { class: 'door-word' }, this.icon(sign, true), word),
      ...parts.filter(Boolean),
    );
    place.scrollIntoView({ block: 'nearest' });
  }

  /** Fewer of a party that was just let in are here: one press says how many. */
  partial(scan, entry) {
    if (!entry || scan.let_in < 2 || scan.what === 'walk-in') return [];
    const counts = Array.from({ length: scan.let_in }, (_, less) => scan.let_in - less);
    return [
      el(
        'span',
        { class: 'door-numbers', role: 'group', 'aria-label': this.words.howMany },
        this.words.howMany,
        ...counts.map((n) => {
          const tone = n === scan.let_in ? 'btn-primary' : 'btn-outline-primary';
          const made = this.button(String(n), () => this.acts.correct(scan, entry, n), tone);
          made.setAttribute('aria-pressed', String(n === scan.let_in));
          return made;
        }),
      ),
    ];
  }

  letIns(entry) {
    const { words } = this;
    const rest = entry.party_size - entry.came;
    if (entry.status === 'confirmed' && rest > 0) {
      const label = entry.came ? filled(words.letInMore, { n: rest }) : words.letIn;
      return [this.named(label, entry, () => this.acts.letIn(entry, rest))];
    }
    if (['waiting', 'offered', 'unverified'].includes(entry.status)) {
      return [this.named(words.confirm, entry, () => this.acts.confirm(entry))];
    }
    return [];
  }

  named(label, entry, act) {
    const made = this.button(label, act);
    made.append(el('span', { class: 'visually-hidden' }, ` ${entry.name}`));
    return made;
  }

  found(entries, searched) {
    const { words } = this;
    this.root.querySelector('[data-nobody]')?.remove();
    if (this.same('found', [entries, searched])) return;
    const rows = entries.map((entry) => {
      const code = `${entry.ticket_code.slice(0, 4)} ${entry.ticket_code.slice(4)}`;
      const more = entry.status === 'confirmed' ? '' : ` · ${words.results[entry.status]}`;
      return this.row(
        entry.name,
        `${code} · ${this.party(entry)}${more}`,
        this.letIns(entry),
      );
    });
    if (searched && !rows.length) rows.push(el('li', { class: 'muted' }, words.nobody));
    find(this.root, 'found').replaceChildren(...rows);
  }

  /** The last scans of this device, the newest first. */
  last(scans, entries) {
    const { words } = this;
    this.root.querySelector('[data-none]').hidden = scans.length > 0;
    const named = scans.map((scan) => [scan, entries.get(scan.registration)?.name]);
    if (this.same('last', named)) return;
    const rows = scans.map((scan) => {
      const entry = entries.get(scan.registration);
      const kind = scan.undone_at ? 'undone' : scan.result;
      const line = [
        this.time(Date.parse(scan.at) + scan.offset),
        words.results[kind],
        scan.let_in > 1 && `×${scan.let_in}`,
        !scan.sent && words.waits,
        scan.conflict && words.conflict,
      ];
      const undo = scan.let_in && !scan.undone_at;
      const made = undo && this.button(words.undo, () => this.acts.undo(scan), 'btn-quiet btn-sm');
      if (made && entry) made.append(el('span', { class: 'visually-hidden' }, ` ${entry.name}`));
      const name = entry?.name ?? words.results[kind];
      return this.row(name, line.filter(Boolean).join(' · '), [made], scan.conflict);
    });
    find(this.root, 'last').replaceChildren(...rows);
  }

  /** What doors let in against the record, of whatever door. */
  conflicts(scans) {
    const { words } = this;
    const place = find(this.root, 'conflicts');
    place.hidden = !scans.length;
    const rows = scans.map((scan) => {
      const name = scan.registration?.name ?? words.results[scan.result];
      const line = [this.time(scan.at), scan.door];
      if (scan.first_at) {
        const values = { time: this.time(scan.first_at), door: scan.first_door };
        line.push(filled(scan.first_door ? words.firstDoor : words.firstAt, values));
      } else line.push(words.results[scan.result]);
      const act = () => this.acts.takeBack(scan.id);
      const undo = this.button(words.takeBack, act, 'btn-outline-primary btn-sm');
      return this.row(name, line.filter(Boolean).join(' · '), [undo]);
    });
    place.querySelector('ul').replaceChildren(...rows);
  }

  row(name, line, acts, alarming = false) {
    return el(
      'li',
      { class: alarming ? 'door-alarming' : null },
      el('div', {}, el('strong', {}, name), el('br'), el('span', { class: 'muted' }, line)),
      el('div', {}, ...acts.filter(Boolean)),
    );
  }
}
