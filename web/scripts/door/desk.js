// The desk of one door: takes scans, keeps them first and sends them when it can, and follows what
// the other doors do. It knows nothing of the page.

import { Failure, call, send, stayAwake } from './network.js';
import { judge, meant } from './people.js';
import { read } from './reading.js';
import * as store from './store.js';
import { uuid } from './uuid.js';

const AWAKE_EVERY = 4 * 60 * 1000; // ms; identity renews a sign-in that is five minutes old

export class Desk {
  constructor(db, activity, ends, doorName) {
    Object.assign(this, { db, activity, ends, doorName });
    this.state = 'online';
    this.door = null; // what is kept of the list: version, cursor, offset, counts
    this.entries = [];
    this.awakeAt = Date.now();
  }

  get over() {
    return store.isOver(this.ends);
  }

  get offset() {
    return this.door?.offset ?? 0;
  }

  async load() {
    this.door = (await this.db.get('doors', this.activity)) ?? null;
    this.entries = await store.people(this.db, this.activity);
    await this.replay();
  }

  /** Counts what waits here into the list, which says only what the server knows. */
  async replay() {
    for (const scan of await store.unsent(this.db, this.activity)) {
      const entry = this.entry(scan.registration);
      if (entry) entry.came += store.beyond(scan);
    }
  }

  entry(id) {
    return this.entries.find((entry) => entry.id === id);
  }

  /** Does something that needs the network; how it fails is how the desk stands. */
  async tried(act) {
    try {
      const found = await act();
      this.state = 'online';
      return found;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.kind !== 'refused') this.state = error.kind;
      if (error.kind === 'forbidden') await this.forget();
      throw error;
    }
  }

  async forget() {
    await store.erase(this.db, this.activity, { waiting: false });
    this.door = null;
    this.entries = [];
  }

  /** Sends what waits, then asks for what changed. Returns whether anything did. */
  async follow() {
    if (Date.now() - this.awakeAt > AWAKE_EVERY) {
      await this.tried(() => stayAwake(this.activity));
      this.awakeAt = Date.now();
    }
    const sent = await this.flush();
    if (this.over) return this.forget();
    if (!this.door) return this.fetchList();
    const before = this.door.cursor;
    const { found, offset } = await this.tried(() =>
      call(this.activity, `/door/changes?since=${this.door.cursor}`),
    );
    const { version } = this.door;
    this.door = { ...this.door, cursor: found.cursor, counts: found.counts, offset };
    await store.keepChanges(this.db, this.door, found.items);
    if (found.version !== version) return this.fetchList();
    if (found.cursor !== before) await this.load();
    return sent > 0 || found.cursor !== before;
  }

  async fetchList() {
    const { found, offset } = await this.tried(() => call(this.activity, '/door'));
    const { version, cursor, counts } = found;
    this.door = { id: this.activity, ends: this.ends, version, cursor, counts, offset };
    await store.keepList(this.db, this.door, found.items);
    await this.load();
    return true;
  }

  async flush() {
    const waiting = await store.unsent(this.db, this.activity);
    if (!waiting.length) return 0;
    const { results, counts } = await this.tried(() =>
      send(this.activity, this.doorName(), waiting),
    );
    for (const [index, answer] of results.entries()) await this.answered(waiting[index], answer);
    if (this.door) this.door.counts = counts;
    return waiting.length;
  }

  /** Writes the server's answer to a scan, unless it was taken back while it was on its way. */
  async answered(scan, answer) {
    const { result, let_in, conflict, first_at, first_door, what } = answer;
    const known = { result, let_in, conflict, first_at, first_door, what };
    const kept = await store.change(this.db, scan.id, (now) => {
      const said = { ...scan, ...now, ...known, sent: now.undone_at === scan.undone_at };
      if (said.sent) delete said.took_back;
      if (!answer.registration) return said;
      // By its id from now on: what was shown may have been somebody's own link.
      delete said.ticket_code;
      const { id } = answer.registration;
      return { ...said, registration: id, registration_id: id };
    });
    if (answer.registration) {
      const entry = { ...answer.registration, door: this.activity };
      await this.db.put('people', entry);
      this.entries = [...this.entries.filter((one) => one.id !== entry.id), entry];
    }
    return kept;
  }

  /** Somebody shows something. Returns the scan as it stands, and the party if it is known. */
  async scan(text) {
    const shown = read(text);
    if (!shown.code && !shown.id) {
      return { scan: { what: shown.what, result: 'not-found', let_in: 0 }, entry: null };
    }
    const entry = meant(this.entries, shown);
    return this.take({ ticket_code: shown.code ?? text }, entry, null, shown.what);
  }

  letIn(entry, people) {
    return this.take({ registration_id: entry.id }, entry, people, 'person');
  }

  async take(by, entry, people, what) {
    const { result, letIn } = judge(entry, people);
    const scan = {
      ...by,
      id: uuid(),
      door: this.activity,
      name: this.doorName(),
      what,
      people: people ?? undefined,
      at: new Date().toISOString(),
      offset: this.offset,
      registration: entry?.id,
      result,
      let_in: letIn,
      sent: false,
    };
    await this.db.put('scans', scan); // first of all: whatever happens now, it is not lost
    if (this.state === 'online') {
      try {
        await this.flush();
        const kept = await this.db.get('scans', scan.id);
        return { scan: kept, entry: this.entry(kept.registration) ?? null };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    }
    const kept = await store.change(this.db, scan.id, (now) => ({ ...now, shown: result }));
    if (entry && !kept.sent) entry.came += letIn;
    return { scan: kept, entry: entry ?? null };
  }

  /** Takes a scan back, here at once and at the server when it can be told. */
  async undo(scan) {
    const kept = await store.change(this.db, scan.id, (now) => ({
      ...now,
      undone_at: new Date().toISOString(),
      took_back: now.sent ? now.let_in : 0,
      let_in: 0,
      sent: false,
    }));
    const entry = this.entry(kept.registration);
    if (entry) entry.came -= scan.let_in;
    if (this.state === 'online') {
      try {
        await this.flush();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    }
    return { scan: await this.db.get('scans', scan.id), entry: this.entry(kept.registration) };
  }

  async conflicts() {
    return (await this.tried(() => call(this.activity, '/door/conflicts'))).found;
  }

  /** Takes back whatever scan, of this door or of another. */
  async takeBack(id) {
    const { found } = await this.tried(() => call(this.activity, `/scans/${id}/undo`, {}));
    const mine = await this.db.get('scans', id);
    if (mine) await this.answered(mine, found);
    if (mine) await this.db.put('scans', { ...mine, undone_at: found.undone_at, let_in: 0 });
    return this.follow();
  }

  /** Only the server knows what is left, so these two need the network. */
  walkIn(wanted) {
    return this.atTheServer('/walk-ins', { ...wanted, door: this.doorName() });
  }

  confirm(entry) {
    const body = { id: uuid(), door: this.doorName() };
    return this.atTheServer(`/registrations/${entry.id}/confirm-at-door`, body);
  }

  async atTheServer(path, body) {
    const { found } = await this.tried(() => call(this.activity, path, body));
    const scan = {
      id: found.id,
      door: this.activity,
      registration_id: found.registration.id,
      at: found.at,
      offset: 0,
      sent: true,
    };
    const kept = await this.answered({ ...scan, registration: found.registration.id }, found);
    return { scan: { ...kept, sent: true }, entry: this.entry(found.registration.id) };
  }
}
