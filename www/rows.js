// A list of the latest events, newest first, in a box of fixed height. Rows are
// placed by transforms: nothing that is already on the page is laid out again
// when more arrives. While someone reads (hovers, scrolls, picks a row) it holds
// still and says how many wait.

import { colourClass } from './colour.js';
import { inNextFrame } from './frame.js';

const CAPACITY = 100; // events that are kept
const ROW_HEIGHT = 44; // px, the style sheet's --row
/** Rows drawn while nobody scrolls: what the box shows beside an open connection, and one more. */
const UNDER_WAY = 14;

export class EventList {
  #box;
  #track;
  #held;
  #empty;
  #summarise;
  #inspect;
  #passes = () => true;
  #entries = []; // oldest first
  #rows = new Map(); // entry -> element
  #shown = []; // what stands on the page, newest first
  #selected;
  #hovered = false;
  #waiting = 0;
  #draw = () => this.#render();

  /** `summarise` gives an event's fields as pairs, `inspect` is told what was picked. */
  constructor(root, { label, emptyText, summarise, inspect }) {
    this.#box = root.querySelector('.rows');
    this.#track = root.querySelector('.track');
    this.#held = root.querySelector('.held');
    this.#empty = root.querySelector('.empty');
    this.#summarise = summarise;
    this.#inspect = inspect;
    this.#box.setAttribute('aria-label', `${label} events, newest first`);
    this.say(emptyText);

    this.#box.addEventListener('pointerenter', (event) => {
      this.#hovered = event.pointerType === 'mouse';
    });
    this.#box.addEventListener('pointerleave', () => {
      this.#hovered = false;
      inNextFrame(this.#draw);
    });
    this.#box.addEventListener('scroll', () => inNextFrame(this.#draw), { passive: true });
    this.#box.addEventListener('keydown', (event) => this.#key(event));
    this.#box.addEventListener('blur', () => this.#select(undefined));
    this.#box.addEventListener('click', (event) => {
      const entry = this.#entryOf(event.target);
      if (entry) this.#inspect(entry);
    });
    this.#held.addEventListener('click', () => this.#follow());
  }

  /** What an empty list says. */
  say(text) {
    this.#empty.textContent = text;
  }

  push(entry) {
    this.#entries.push(entry);
    if (this.#entries.length > CAPACITY) this.#entries.shift();
    if (this.#passes(entry)) this.#waiting += 1;
    inNextFrame(this.#draw);
  }

  clear() {
    this.#entries = [];
    this.#select(undefined);
    this.#render(true);
  }

  /** Shows only what passes, of the events that are kept too, and at once. */
  filter(passes) {
    this.#passes = passes;
    this.#render(true);
  }

  /** Writes the ages anew; to be called once a second. */
  tick(now) {
    for (const [entry, row] of this.#rows) writeAge(row, entry, now);
  }

  get #reading() {
    return this.#hovered || this.#selected !== undefined || this.#box.scrollTop > 0;
  }

  #render(anyway = false) {
    if (this.#reading && !anyway && this.#shown.length > 0) {
      this.#drawMore();
      this.#held.hidden = this.#waiting === 0;
      this.#held.textContent = `${this.#waiting.toLocaleString('en')} new`;
      return;
    }
    this.#waiting = 0;
    this.#held.hidden = true;
    this.#shown = this.#entries.filter(this.#passes).reverse();
    this.#empty.hidden = this.#shown.length > 0;
    this.#track.style.height = `${this.#shown.length * ROW_HEIGHT}px`;
    this.#place(this.#reading ? this.#shown.length : UNDER_WAY);
  }

  /** Once someone scrolls, the rows below are wanted too. */
  #drawMore() {
    if (this.#rows.size < this.#shown.length) this.#place(this.#shown.length);
  }

  #place(limit) {
    const wanted = this.#shown.slice(0, limit);
    const keep = new Set(wanted);
    for (const [entry, row] of this.#rows) {
      if (keep.has(entry)) continue;
      row.remove();
      this.#rows.delete(entry);
    }
    const now = performance.now();
    wanted.forEach((entry, index) => {
      let row = this.#rows.get(entry);
      if (!row) {
        row = this.#build(entry, now);
        this.#rows.set(entry, row);
        this.#track.append(row);
      }
      row.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
    });
  }

  #build(entry, now) {
    const row = element('div', `row ${colourClass(entry.category)}`);
    row.id = `event-${entry.number}`;
    row.role = 'option';
    row.dataset.category = entry.event.category ?? '';
    row.dataset.type = nameOf(entry.event);
    const fields = element('span', 'row-fields');
    for (const [key, value] of this.#summarise(entry.event)) {
      fields.append(element('span', 'key', key), ' ', element('span', 'value', value), '  ');
    }
    row.append(
      element('span', 'row-type', nameOf(entry.event)),
      element('span', 'row-category', entry.event.category ?? 'unknown'),
      element('span', 'row-age'),
      fields,
    );
    writeAge(row, entry, now);
    return row;
  }

  #entryOf(target) {
    const row = target.closest?.('.row');
    return row && this.#shown.find((entry) => this.#rows.get(entry) === row);
  }

  #key(event) {
    const last = this.#shown.length - 1;
    const at = this.#shown.indexOf(this.#selected);
    const to = {
      ArrowDown: Math.min(at + 1, last),
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined && last >= 0) this.#select(this.#shown[to]);
    else if (event.key === 'Enter' && at >= 0) this.#inspect(this.#selected);
    else if (event.key === 'Escape' && this.#selected) this.#follow();
    else return;
    event.preventDefault();
  }

  #select(entry) {
    this.#rows.get(this.#selected)?.removeAttribute('aria-selected');
    this.#selected = entry;
    if (!entry) {
      this.#box.removeAttribute('aria-activedescendant');
      inNextFrame(this.#draw);
      return;
    }
    this.#drawMore();
    const row = this.#rows.get(entry);
    row.setAttribute('aria-selected', 'true');
    this.#box.setAttribute('aria-activedescendant', row.id);
    const top = this.#shown.indexOf(entry) * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.#box;
    if (top < scrollTop) this.#box.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) {
      this.#box.scrollTop = top + ROW_HEIGHT - clientHeight;
    }
  }

  /** Back to the newest. */
  #follow() {
    this.#hovered = false;
    this.#select(undefined);
    this.#box.scrollTop = 0;
    this.#render(true);
  }
}

/** The type, or the name that came over the wire for one that the profile doesn't know. */
export function nameOf(event) {
  return event.type === 'unknown' ? event.name : event.type;
}

function writeAge(row, entry, now) {
  const text = age(now - entry.at);
  const cell = row.querySelector('.row-age');
  if (cell.textContent !== text) cell.textContent = text;
}

function age(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text; // never as HTML: it comes from outside
  return made;
}
