// The life of a connection: its states over a minute, what befell it, and what
// to do to it at the server's side.

import { short } from './fields.js';
import { inNextFrame } from './frame.js';
import { ServerSide } from './server-side.js';
import { Timeline } from './timeline.js';

const KEPT = 30; // entries of the log
const COUNTERS = ['reconnections', 'gaps', 'duplicates', 'dropped'];
const RECOVERED = {
  yes: 'with nothing missed',
  no: 'without what was sent meanwhile',
  unknown: 'without proof that nothing was missed',
};

export class Life {
  #root;
  #system;
  #timeline;
  #log;
  #stream;
  #server;
  /** Of the streams before this one. */
  #before = noCounts();
  /** Of this one, as its events tell. */
  #told = noCounts();
  #stalled = false;
  #draw = () => this.#render();

  constructor(panel, system) {
    this.#root = panel;
    this.#system = system;
    const { title } = system;
    const id = `${panel.dataset.profile}-life`;
    this.#timeline = new Timeline(this.#find('.timeline'), `${title} connection`);
    this.#log = this.#find('.life-log');
    this.#find('.life-log-box').setAttribute('aria-label', `${title} connection: what happened, newest first`);
    const body = this.#find('.life');
    body.id = id;
    body.setAttribute('aria-label', `${title} connection`);
    const toggle = this.#find('.life-toggle');
    toggle.setAttribute('aria-controls', id);
    toggle.addEventListener('click', () => {
      body.hidden = !body.hidden;
      toggle.setAttribute('aria-expanded', String(!body.hidden));
    });
    this.#button('cut', () => this.#server.cut());
    this.#button('stall', () => this.#stallOrGoOn());
    this.#button('fail', () => this.#server.failNext());
    this.#button('restart', () => this.#server.restart());
  }

  /** From now on the server's side can be acted on. */
  serve(base) {
    this.#server = new ServerSide(base, this.#system);
    for (const button of this.#root.querySelectorAll('.life-acts button')) button.disabled = false;
  }

  /** Tells of this stream from now on, and no more of the one before. */
  follow(stream) {
    for (const name of COUNTERS) this.#before[name] = add(this.#before[name], this.#countsNow[name]);
    this.#told = noCounts();
    this.#stream = stream;
    const current = (act) => (event) => {
      if (this.#stream === stream) act(event.detail ?? event);
    };
    stream.addEventListener('state', current(({ state }) => this.#enter(state)));
    stream.addEventListener('open', current(({ status }) => this.#add('open', 'Open', status ? `answered with ${status}` : '')));
    stream.addEventListener('error', current((detail) => this.#failed(detail)));
    stream.addEventListener('resumed', current(({ recovered }) => {
      this.#told.reconnections += 1;
      this.#add('resumed', 'Resumed', RECOVERED[recovered]);
    }));
    stream.addEventListener('gap', current(({ reason, lastEventId }) => {
      this.#told.gaps += 1;
      this.#add('gap', 'Gap', lastEventId ? `${reason}, after ${short(lastEventId)}` : reason);
    }));
    stream.closed.then(current(({ reason, error }) => this.#add('closed', 'Closed', error ? `${reason}: ${error.message}` : reason)));
    this.#enter(stream.state);
  }

  /** To be called once a second. */
  tick(now) {
    this.#timeline.draw(now);
    this.#writeCounts();
  }

  #enter(state) {
    this.#timeline.enter(state);
    // A stall is a connection's, and ends with it.
    if (state !== 'open') this.#setStalled(false);
    inNextFrame(this.#draw);
  }

  #failed({ error, willRetry, delay }) {
    const what = error.status ? `${error.status}, ${error.message}` : `${error.code}, ${error.message}`;
    this.#add('failed', 'Failed', willRetry ? `${what}; again in ${(delay / 1000).toFixed(1)} s` : what);
  }

  /** Answers how to say something else in its place. */
  #add(kind, name, text) {
    const entry = made('li', '');
    entry.dataset.kind = kind;
    const time = made('time', new Date().toLocaleTimeString('en-GB'));
    const what = made('p', '');
    const say = (words) => what.replaceChildren(made('strong', name), ` ${words}`);
    say(text);
    entry.append(time, what);
    this.#log.prepend(entry);
    while (this.#log.children.length > KEPT) this.#log.lastElementChild.remove();
    inNextFrame(this.#draw);
    return say;
  }

  #button(name, act) {
    const button = this.#find(`.life-${name}`);
    button.disabled = true;
    this.#label(button);
    button.addEventListener('click', async () => {
      // Entered at once, so that what comes of it stands above it.
      const say = this.#add('server', 'Server', 'is being told');
      say(await act().catch((error) => error.message));
    });
  }

  async #stallOrGoOn() {
    if (this.#stalled) {
      const text = await this.#server.goOn();
      this.#setStalled(false);
      return text;
    }
    const { held, text } = await this.#server.stall();
    this.#setStalled(held);
    return text;
  }

  #setStalled(stalled) {
    if (this.#stalled === stalled) return;
    this.#stalled = stalled;
    const button = this.#find('.life-stall');
    button.textContent = stalled ? 'Go on' : 'Stall';
    this.#label(button);
  }

  /** Five panels have the same buttons: their names say whose. */
  #label(button) {
    button.setAttribute('aria-label', `${button.textContent}: ${this.#system.title}`);
  }

  get #countsNow() {
    // What only the stream itself can count is not known without it.
    return { ...this.#told, duplicates: null, dropped: null, ...this.#stream?.stats };
  }

  #render() {
    this.#timeline.draw();
    this.#writeCounts();
  }

  #writeCounts() {
    const now = this.#countsNow;
    for (const name of COUNTERS) {
      const count = add(this.#before[name], now[name]);
      const element = this.#find(`[data-count="${name}"]`);
      const text = count === null ? '–' : count.toLocaleString('en');
      if (element.textContent !== text) element.textContent = text;
    }
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }
}

function noCounts() {
  return { reconnections: 0, gaps: 0, duplicates: null, dropped: null };
}

/** A sum of what is known; null is not known. */
function add(a, b) {
  return a === null && (b === null || b === undefined) ? null : (a ?? 0) + (b ?? 0);
}

function made(name, text) {
  const element = document.createElement(name);
  element.textContent = text; // never as HTML: it comes from outside
  return element;
}
