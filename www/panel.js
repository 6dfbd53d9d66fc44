// One system on the page: its stream, and what stands on screen of it.

import { connect } from 'tidewire';

import { fieldsOf, short } from './fields.js';
import { Filter } from './filter.js';
import { inNextFrame } from './frame.js';
import { inspect } from './inspector.js';
import { Life } from './life.js';
import { Rate } from './rate.js';
import { EventList } from './rows.js';
import { pathOf } from './systems.js';

const STATES = { connecting: 'Connecting', open: 'Live', waiting: 'Reconnecting', closed: 'Closed' };
const ENDS = {
  closed: 'Closed',
  aborted: 'Closed',
  ended: 'Ended',
  interrupted: 'Interrupted',
  rejected: 'Refused',
  exhausted: 'Gave up',
  'slow-consumer': 'Too slow',
  unsupported: 'Unsupported',
};
const QUIET_ENDS = new Set(['closed', 'aborted', 'ended']);

let lastNumber = 0;

export class Panel {
  #element;
  #system;
  #base;
  #stream;
  #list;
  #filter;
  #rate;
  #life;
  #events = 0;
  #facts = new Map(); // label -> element
  #known = new Map(); // label -> text
  #reply = '';
  #session = crypto.randomUUID?.() ?? null;
  #write = () => this.#writeCounts();

  constructor(element, system) {
    this.#element = element;
    this.#system = system;
    this.#build();
  }

  get state() {
    return this.#element.dataset.state;
  }

  get events() {
    return this.#events;
  }

  get perSecond() {
    return this.#rate.perSecond;
  }

  /** Connects for the first time; an answering system is asked its sample question. */
  start(base) {
    this.#base = base;
    this.#life.serve(base);
    this.#find(this.#system.question ? '.send' : '.toggle').disabled = false;
    if (this.#system.question) this.#ask();
    else this.#open();
  }

  /** To be called once a second. */
  tick(now) {
    this.#list.tick(now);
    this.redraw();
    this.#life.tick(now);
    this.#put('.rate', this.#rate.perSecond.toFixed(1));
  }

  redraw() {
    this.#rate.draw();
  }

  /** Says that there is nothing to connect to. */
  fail(error) {
    this.#setState('closed', 'Unreachable', true);
    this.#note(error.message);
  }

  #build() {
    const { title, about, request, facts, question } = this.#system;
    const id = this.#element.dataset.profile;
    this.#element.append(document.querySelector('#panel').content.cloneNode(true));
    this.#find('h2').id = `${id}-title`;
    this.#element.setAttribute('aria-labelledby', `${id}-title`);
    this.#put('h2', title);
    this.#put('.about', about);
    this.#put('.request code', request);
    for (const label of facts) this.#addFact(label);
    this.#rate = new Rate(this.#find('.chart'));
    this.#life = new Life(this.#element, this.#system);
    this.#filter = new Filter(this.#element, this.#system.profile, {
      label: title,
      changed: () => this.#refilter(),
    });
    this.#list = new EventList(this.#element, {
      label: title,
      emptyText: 'No events yet',
      summarise: this.#system.fields ?? fieldsOf,
      inspect,
    });
    if (question) this.#buildQuestion(question);
    else this.#buildToggle();
  }

  #addFact(label) {
    const pair = document.createElement('div');
    const term = document.createElement('dt');
    const value = document.createElement('dd');
    term.textContent = label;
    value.textContent = '–';
    pair.append(term, value);
    this.#find('.facts').append(pair);
    this.#facts.set(label, value);
  }

  #buildToggle() {
    const toggle = this.#find('.toggle');
    toggle.disabled = true;
    toggle.addEventListener('click', () => {
      if (this.state === 'closed') this.#open();
      else this.#stream.close();
    });
    this.#find('.ask').remove();
    this.#find('.reply').remove();
    this.#nameToggle();
  }

  #buildQuestion(question) {
    const id = this.#element.dataset.profile;
    const input = this.#find('.ask input');
    input.id = `${id}-question`;
    input.value = question;
    this.#find('.ask label').htmlFor = input.id;
    this.#find('.send').disabled = true;
    this.#find('.reply').setAttribute('aria-label', `${this.#system.title}: answer`);
    this.#find('.ask').addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#base) this.#ask();
    });
    this.#find('.cancel').addEventListener('click', () => {
      this.#stream.close();
      input.focus();
    });
    this.#find('.toggle').remove();
  }

  #ask() {
    this.#reply = '';
    this.#known.clear();
    for (const label of this.#facts.keys()) this.#known.set(label, '–');
    inNextFrame(this.#write);
    this.#open({ question: this.#find('.ask input').value.trim(), session: this.#session });
  }

  #open(asked = {}) {
    this.#stream?.close();
    this.#note('');
    this.#list.say('Waiting for the first event');
    const stream = connect(this.#base + pathOf(this.#system), {
      profile: this.#system.profile,
      ...this.#filter.subscription,
      ...this.#system.options?.({ base: this.#base, ...asked }),
    });
    this.#stream = stream;
    this.#life.follow(stream);
    // A stream that was replaced has nothing more to say here.
    const current = (act) => (event) => {
      if (this.#stream === stream) act(event);
    };
    stream.on('*', current((event) => this.#receive(event)));
    stream.addEventListener('state', current(() => this.#setState(stream.state)));
    stream.addEventListener('error', current(({ detail }) => this.#noteError(detail)));
    stream.addEventListener('resumed', current(() => this.#note('Reconnected.')));
    stream.addEventListener('gap', current(() => this.#note('Reconnected. Events may have been missed meanwhile.')));
    stream.addEventListener('decodeerror', current(({ detail }) => this.#note(`A payload could not be read: ${short(detail.error?.message ?? detail.message)}`)));
    stream.closed.then(current((end) => this.#ended(end)));
    this.#setState(stream.state);
  }

  #receive(event) {
    this.#events += 1;
    lastNumber += 1;
    const category = this.#filter.numberOf(event);
    this.#filter.count(category);
    this.#rate.count(category);
    this.#list.push({
      event,
      category,
      number: lastNumber,
      at: performance.now(),
      received: new Date(),
    });
    const fact = this.#system.fact(event) ?? [];
    for (let index = 0; index < fact.length; index += 2) {
      this.#known.set(fact[index], short(fact[index + 1]));
    }
    const text = this.#system.text?.(event);
    if (text) this.#reply = text.replace ?? this.#reply + text.append;
    inNextFrame(this.#write);
  }

  #refilter() {
    this.#list.filter(({ event }) => this.#filter.passes(event));
    if (this.#stream && this.state !== 'closed') {
      Promise.resolve(this.#stream.setFilter(this.#filter.subscription)).catch((error) =>
        this.#note(error.message),
      );
    }
  }

  #ended({ reason, error }) {
    const quiet = QUIET_ENDS.has(reason);
    let text = ENDS[reason] ?? reason;
    if (this.#system.question) text = { closed: 'Cancelled', ended: 'Answered' }[reason] ?? text;
    this.#setState('closed', text, !quiet);
    this.#list.say('No events');
    if (!quiet && error) this.#note(sentence(error.message));
  }

  #noteError({ error, willRetry, delay }) {
    const next = willRetry ? ` Trying again in ${(delay / 1000).toFixed(1)} s.` : '';
    this.#note(sentence(error.message) + next);
  }

  #setState(state, text = STATES[state], trouble = false) {
    this.#element.dataset.state = state;
    this.#element.classList.toggle('trouble', trouble);
    const answering = this.#system.question && state === 'open';
    this.#put('.state-text', answering ? 'Answering' : text);
    if (this.#system.question) this.#find('.cancel').disabled = state === 'closed';
    else this.#nameToggle();
  }

  #nameToggle() {
    const verb = this.state === 'closed' ? 'Connect' : 'Close';
    this.#put('.toggle', verb);
    this.#find('.toggle').setAttribute('aria-label', `${verb} ${this.#system.title}`);
  }

  #writeCounts() {
    this.#element.dataset.events = String(this.#events);
    this.#put('.delivered', this.#events.toLocaleString('en'));
    for (const [label, text] of this.#known) {
      const value = this.#facts.get(label);
      if (value.textContent === text) continue;
      value.textContent = text;
      value.title = text;
    }
    this.#known.clear();
    if (this.#system.question) this.#writeReply();
  }

  #writeReply() {
    const reply = this.#find('.reply');
    const paragraph = reply.firstElementChild;
    if (paragraph.textContent === this.#reply) return;
    const following = reply.scrollTop + reply.clientHeight >= reply.scrollHeight - 8;
    paragraph.textContent = this.#reply;
    if (following) reply.scrollTop = reply.scrollHeight;
  }

  #note(text) {
    this.#put('.note', text);
    this.#find('.note').title = text;
  }

  #put(selector, text) {
    const element = this.#find(selector);
    if (element.textContent !== text) element.textContent = text;
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}
