// In the browser: one stream, and a judge of what it delivers. The driver calls what is on `window`.

import { connect } from 'tidewire';
import * as profiles from 'tidewire/profiles';

/** What the page keeps of single events, for a person to read. */
const SAMPLES = 20;

/**
 * Holds the numbers that events carry against what the stream reported.
 *
 * A gap accounts for the events that are missing right where it is reported, and for those that are
 * missing between the event that it names as the last one and the place where it is reported.
 */
class Judge {
  delivered = 0;
  last = -1;
  twice = 0;
  late = 0;
  damaged = 0;
  lostInGaps = 0;
  resumed = { yes: 0, no: 0, unknown: 0 };
  gaps = 0;
  failures = {};
  decodeErrors = 0;
  samples = [];
  #seen = new Set();
  #inGap = false;
  /** The numbers of events by their ids, where there are ids. */
  #numbers = new Map();
  /** Missing numbers that no gap accounts for yet: after which event, and how many. */
  #holes = [];

  event(number, isWhole, id) {
    this.delivered += 1;
    if (!isWhole) {
      this.damaged += 1;
      this.#sample(`event ${number} is damaged`);
    }
    if (this.#seen.has(number)) {
      this.twice += 1;
      this.#sample(`event ${number} came twice, after ${this.last}`);
      return;
    }
    this.#seen.add(number);
    if (id) this.#numbers.set(id, number);
    if (number < this.last) {
      this.late += 1;
      this.#sample(`event ${number} came after ${this.last}`);
      return;
    }
    const missing = number - this.last - 1;
    if (missing > 0 && this.#inGap) this.lostInGaps += missing;
    else if (missing > 0) this.#holes.push({ after: this.last, missing });
    this.last = number;
    this.#inGap = false;
  }

  resume(recovered) {
    this.resumed[recovered] += 1;
  }

  gap(lastEventId) {
    this.gaps += 1;
    this.#inGap = true;
    const from = this.#numbers.get(lastEventId);
    if (from === undefined) return;
    const covered = this.#holes.filter((hole) => hole.after >= from);
    this.#holes = this.#holes.filter((hole) => hole.after < from);
    for (const hole of covered) this.lostInGaps += hole.missing;
  }

  fail(error, willRetry) {
    const name = `${error.code}${error.status ?? ''}`;
    this.failures[name] = (this.failures[name] ?? 0) + 1;
    if (!willRetry) this.#sample(`gave up: ${error.message}`);
  }

  verdict() {
    const lostInSilence = this.#holes.reduce((sum, hole) => sum + hole.missing, 0);
    for (const { after, missing } of this.#holes) this.#sample(`${missing} lost after event ${after}, and no gap says so`);
    return { ...this, lostInSilence, missing: this.last + 1 - this.#seen.size };
  }

  #sample(text) {
    if (this.samples.length < SAMPLES) this.samples.push(text);
  }
}

/** Where each system's events carry the running number, and a text that holds it too. */
const READ = {
  dashtam: ({ data }) => [data.records_processed, data.file_name],
  hive: ({ data }) => [data.n, data.snapshot],
  cortex: ({ data }) => [Number(data.id.slice(2)), data.content],
};

let stream;
let judges;
let closed;
let errors = [];
let opens = 0;
/** The stream is back, and has not said yet what of it. */
let untold = false;
addEventListener('error', (event) => errors.push(event.message));
addEventListener('unhandledrejection', (event) => errors.push(String(event.reason)));

window.start = ({ url, profile, token, reconnect, types, replayed, consumer }) => {
  const read = READ[profile];
  closed = undefined;
  opens = 0;
  untold = false;
  errors = [];
  // Where a server replays some types only, each kind has a count of its own.
  judges = { all: new Judge(), ...(replayed ? { replayed: new Judge() } : {}) };
  const every = Object.values(judges);
  const judgeOf = (event) => (replayed?.includes(event.type) ? judges.replayed : judges.all);
  const take = (event) => {
    // The server greets and beats too.
    if (!types.includes(event.type)) return;
    const [number, text] = read(event);
    judgeOf(event).event(number, text === `n\u{1f30a}${number}`, event.id);
  };
  stream = connect(url, { profile: profiles[profile], token: token ?? null, reconnect });
  stream.addEventListener('open', () => {
    untold = opens > 0;
    opens += 1;
  });
  stream.addEventListener('resumed', ({ detail }) => {
    untold = false;
    every.forEach((judge) => judge.resume(detail.recovered));
  });
  stream.addEventListener('gap', ({ detail }) => every.forEach((judge) => judge.gap(detail.lastEventId)));
  stream.addEventListener('error', ({ detail }) => every.forEach((judge) => judge.fail(detail.error, detail.willRetry)));
  stream.addEventListener('decodeerror', () => every.forEach((judge) => (judge.decodeErrors += 1)));
  stream.closed.then((end) => (closed = { reason: end.reason, message: end.error?.message }));
  if (consumer === 'iterator') {
    (async () => {
      for await (const event of stream) take(event);
    })().catch((error) => errors.push(error.message));
  } else {
    stream.on('*', take);
  }
};

/** How far it is: the last number of each kind. */
window.progress = () => ({
  last: Object.fromEntries(Object.entries(judges).map(([kind, judge]) => [kind, judge.last])),
  state: stream.state,
  untold,
  closed,
});

window.verdict = () => {
  stream.close();
  const judged = Object.entries(judges).map(([kind, judge]) => [kind, judge.verdict()]);
  return { ...Object.fromEntries(judged), errors, returns: opens - 1 };
};

document.documentElement.dataset.ready = '';
