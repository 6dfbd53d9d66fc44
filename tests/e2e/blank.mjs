// A blank page of the server's origin, and streams of the package on it.

import { Control } from './server.mjs';

export const DASHTAM = { path: '/api/v1/events', profile: 'dashtam', tokenOf: { system: 'dashtam' } };
/** For an answer of Stock's that stays in its second event until it is released. */
export const IN_THE_MIDDLE = { system: 'stock', fault: { stall: { after_bytes: 60 } } };
export const STOCK = { path: '/api/chat', profile: 'stockAgent', options: { body: { message: 'How is it?' } } };

let blanks = 0;

export class Blank {
  #url;
  #namespace = `blank-${process.pid}-${(blanks += 1)}`;

  /** A tab of the context, in a namespace that nobody else uses. */
  static async open(context, url) {
    const blank = new Blank(url);
    blank.page = await blank.tab(context);
    return blank;
  }

  constructor(url) {
    this.#url = url;
    this.base = `${url}/ns/${this.#namespace}`;
    this.control = new Control(url, this.#namespace);
  }

  /** Another tab in the same namespace. */
  async tab(context) {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.addInitScript(keepStreams);
    // Two documents with nothing on them.
    await page.route(/\/(here|there)$/, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.goto(`${this.#url}/here`);
    return page;
  }

  /**
   * Opens a stream under a name. `store`: it goes on after a reload; `holdAt`: its handler never
   * finishes with the event that comes as the n-th; `forget`: nothing is kept of its events;
   * `hang`: the first call of its token function, or each of its store's, never comes to an end.
   */
  async connect(stream, name = 'stream', page = this.page) {
    await page.evaluate((stream) => window.openStream(stream), { name, base: this.base, ...stream });
  }

  /** What a stream has been through: its events, its news, how it ended. */
  record(name = 'stream', page = this.page) {
    return page.evaluate((name) => window.records[name], name);
  }

  async inState(state, name = 'stream', page = this.page) {
    await this.#when(page, ([name, state]) => window.streams[name].state === state, [name, state]);
  }

  /** Waits until a stream has received so many events, and gives them. */
  async received(count, name = 'stream', page = this.page) {
    await this.#when(page, ([name, count]) => window.records[name].events.length >= count, [name, count]);
    return (await this.record(name, page)).events;
  }

  async closed(name = 'stream', page = this.page) {
    await this.#when(page, (name) => window.records[name].closed, name);
    return (await this.record(name, page)).closed;
  }

  /** By a timer: a hidden page paints no frames, which Playwright would count by. */
  #when(page, predicate, argument) {
    return page.waitForFunction(predicate, argument, { polling: 25 });
  }

  /** Publishes an event of Dashtam's with an id that its number gives. */
  publish(...numbers) {
    const event = (number) => ({ event: 'security.login.failed', id: id(number), data: { reason: `guess ${number}` } });
    return this.control.publish(...numbers.map((number) => ({ system: 'dashtam', ...event(number) })));
  }
}

/** The id of an event by its number. */
export function id(number) {
  return `0197a000-0000-7000-8000-${String(number).padStart(12, '0')}`;
}

/** The last event id that a request asked to go on after, if any. */
export function cursorOf({ query }) {
  return new URLSearchParams(query).get('Last-Event-ID');
}

/** In the page, before all else: opens streams, and keeps what they go through and the module's memory. */
function keepStreams() {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (module, imports) => {
    const instance = await instantiate(module, imports);
    window.memory = instance.exports.memory;
    return instance;
  };
  window.streams = {};
  window.records = {};
  /** Whether the page came out of the cache, each time that it was shown. */
  window.shows = [];
  addEventListener('pageshow', ({ persisted }) => window.shows.push(persisted));
  window.lifecycle = [];
  for (const type of ['freeze', 'resume']) document.addEventListener(type, () => window.lifecycle.push(type));
  window.openStream = async ({ name, base, path, profile, tokenOf, store, holdAt, forget, hang, options }) => {
    const { connect, sessionStore } = await import('/pkg/dist/index.js');
    const profiles = await import('/pkg/dist/profiles/index.js');
    // The same function for all streams of it, as in an application.
    window.token ??= async () => {
      const response = await fetch(`${base}/_tidewire/token`, { method: 'POST', body: JSON.stringify(tokenOf) });
      return (await response.json()).token;
    };
    const never = () => new Promise(() => {});
    const token = hang === 'token' ? ({ attempt }) => (attempt === 1 ? never() : window.token()) : window.token;
    const stream = connect(base + path, {
      profile: profiles[profile],
      token: tokenOf && token,
      store: hang === 'store' ? { get: never, set: never } : store && sessionStore(),
      ...options,
    });
    const record = { events: [], news: [], closed: undefined, began: performance.now() };
    window.streams[name] = stream;
    window.records[name] = record;
    for (const type of ['open', 'state', 'resumed', 'gap', 'decodeerror', 'error']) {
      stream.addEventListener(type, ({ detail }) => {
        const { error, ...rest } = detail;
        record.news.push({ type, at: performance.now(), ...rest, ...(error && { code: error.code, message: error.message }) });
      });
    }
    stream.on('*', ({ type, id, data }) => {
      if (forget) return undefined;
      record.events.push({ type, id, data });
      return record.events.length === holdAt ? new Promise(() => {}) : undefined;
    });
    void stream.closed.then(({ reason, status, error }) => {
      record.closed = { reason, status, code: error?.code, message: error?.message };
    });
  };
}
