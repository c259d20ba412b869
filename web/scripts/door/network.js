// Speaking with the server. What fails says how: the page goes on either way.

const PATIENCE = 4000; // ms; with people waiting in line, no answer is as good as no network
const AT_ONCE = 50; // scans in one batch: answered well within that

/** `kind`: `offline`, `signed-out`, `forbidden`, or `refused` with the server's own sentences. */
export class Failure extends Error {
  constructor(kind, problem = null) {
    super(kind);
    this.kind = kind;
    this.problem = problem;
  }
}

async function asked(path, options = {}) {
  const stop = new AbortController();
  const clock = setTimeout(() => stop.abort(), PATIENCE);
  try {
    return await fetch(path, { ...options, signal: stop.signal, cache: 'no-store' });
  } catch {
    throw new Failure('offline');
  } finally {
    clearTimeout(clock);
  }
}

export function api(activity) {
  return `/api/registration/v1/activities/${activity}`;
}

/** Has identity renew the sign-in, which lasts half an hour; a page's address leads there. */
export async function stayAwake(activity) {
  const answer = await asked(`/staff/checkin/${activity}/awake`);
  if (answer.status >= 500) throw new Failure('offline');
  if (answer.status === 403) throw new Failure('forbidden');
  if (answer.status !== 204) throw new Failure('signed-out');
}

/** A call with its JSON answer, its answer's `status`, and `offset`: server's clock minus ours. */
export async function call(activity, path, body, headers = {}) {
  const options = { headers: { ...headers } };
  if (body !== undefined) {
    options.method = 'POST';
    options.body = JSON.stringify(body);
    options.headers['Content-Type'] = 'application/json';
  }
  const began = Date.now();
  let answer = await asked(api(activity) + path, options);
  if (answer.status === 401) {
    await stayAwake(activity);
    answer = await asked(api(activity) + path, options);
  }
  if (answer.status === 304) return { status: 304 };
  if (answer.status === 401) throw new Failure('signed-out');
  if (answer.status >= 500 || answer.status === 429) throw new Failure('offline');
  const found = await answer.json();
  if (answer.status === 403) throw new Failure('forbidden', found);
  if (!answer.ok) throw new Failure('refused', found);
  const offset = found.now ? Math.round(Date.parse(found.now) - (began + Date.now()) / 2) : null;
  return { status: answer.status, found, offset };
}

/** Sends scans and returns the server's answer to each; sent twice, they count once. */
export async function send(activity, door, scans) {
  const results = [];
  let last = null;
  for (let start = 0; start < scans.length; start += AT_ONCE) {
    const batch = scans.slice(start, start + AT_ONCE).map((scan) => ({
      id: scan.id,
      ticket_code: scan.ticket_code,
      registration_id: scan.registration_id,
      people: scan.people,
      at: scan.at,
      clock_offset_ms: scan.offset,
      shown: scan.shown,
      undone_at: scan.undone_at,
    }));
    last = await call(activity, '/scans', { door, scans: batch });
    results.push(...last.found.results);
  }
  return { results, counts: last?.found.counts, offset: last?.offset };
}
