// What is subscribed to: whole categories by chips, single types by a list.
// The SDK delivers the union of categories and types, and so does this.

import { colourClass } from './colour.js';
import { inNextFrame } from './frame.js';
import { nameOf } from './rows.js';

export class Filter {
  #categories; // [{ name, number, types, usual, chip, count, counter }]
  #all;
  /** What comes without being asked for: some types a server sends only by name. */
  #usual;
  #selected;
  #changed;
  #boxes = new Map(); // type -> checkbox
  #open;
  #write = () => this.#writeCounts();

  /** `changed` is called after each change that someone made. */
  constructor(root, profile, { label, changed }) {
    this.#changed = changed;
    const { categories, onRequest = [] } = profile.definition;
    this.#categories = Object.entries(categories).map(([name, types], number) => ({
      name,
      number,
      types,
      usual: types.filter((type) => !onRequest.includes(type)),
      count: 0,
    }));
    this.#all = this.#categories.flatMap(({ types }) => types);
    this.#usual = this.#categories.flatMap(({ usual }) => usual);
    this.#selected = new Set(this.#usual);
    this.#buildChips(root.querySelector('.chips'), label);
    this.#buildTypes(root, label);
    this.#writeSelection();
  }

  /** As `connect` and `setFilter` take it; nothing left out is no filter. */
  get subscription() {
    if (this.#unfiltered) return { categories: undefined, types: undefined };
    const whole = this.#categories.filter(({ types }) => this.#share(types) === 'true');
    const types = this.#categories
      .filter((category) => !whole.includes(category))
      .flatMap((category) => category.types.filter((type) => this.#selected.has(type)));
    return { categories: whole.map(({ name }) => name), types };
  }

  passes(event) {
    return this.#unfiltered || this.#selected.has(nameOf(event));
  }

  /** The number that gives a category its colour. */
  numberOf(event) {
    return this.#categories.findIndex(({ name }) => name === event.category);
  }

  count(number) {
    if (number < 0) return;
    this.#categories[number].count += 1;
    inNextFrame(this.#write);
  }

  get #unfiltered() {
    return (
      this.#selected.size === this.#usual.length &&
      this.#usual.every((type) => this.#selected.has(type))
    );
  }

  #share(types) {
    const count = types.filter((type) => this.#selected.has(type)).length;
    if (count === 0) return 'false';
    return count === types.length ? 'true' : 'mixed';
  }

  #select(types) {
    // An empty subscription would be no filter, so that is what the chips say then.
    this.#selected = new Set(types.length > 0 ? types : this.#usual);
    this.#writeSelection();
    this.#changed();
  }

  #buildChips(group, label) {
    group.setAttribute('aria-label', `${label} categories`);
    // A category of which nothing comes by itself has its place in the list alone.
    for (const category of this.#categories.filter(({ usual }) => usual.length > 0)) {
      const chip = made('button', `chip ${colourClass(category.number)}`);
      chip.type = 'button';
      chip.dataset.category = category.name;
      category.counter = made('span', 'chip-count', '0');
      chip.append(made('span', 'chip-dot'), made('span', 'chip-name', category.name), category.counter);
      chip.addEventListener('click', () => {
        const rest = [...this.#selected].filter((type) => !category.types.includes(type));
        const off = this.#share(category.usual) === 'true';
        this.#select(off ? rest : [...rest, ...category.usual]);
      });
      category.chip = chip;
      group.append(chip);
    }
  }

  #buildTypes(root, label) {
    const popover = root.querySelector('.types');
    const open = root.querySelector('.types-open');
    this.#open = open;
    const find = root.querySelector('.types-find input');
    open.setAttribute('aria-haspopup', 'dialog');
    open.addEventListener('click', () => popover.showPopover());
    root.querySelector('.types-close').addEventListener('click', () => popover.hidePopover());
    popover.setAttribute('role', 'dialog');
    popover.setAttribute('aria-label', `${label} event types`);
    find.setAttribute('aria-label', `Find among the ${label} event types`);
    popover.addEventListener('toggle', (event) => {
      if (event.newState === 'open') find.focus();
      else open.focus();
    });

    const list = root.querySelector('.types-list');
    for (const { name, number, types } of this.#categories) {
      const group = made('fieldset', colourClass(number));
      group.append(made('legend', '', name));
      for (const type of types) {
        const line = made('label', 'type');
        const box = made('input', '');
        box.type = 'checkbox';
        box.value = type;
        box.addEventListener('change', () => {
          const rest = [...this.#selected].filter((other) => other !== type);
          this.#select(box.checked ? [...rest, type] : rest);
        });
        this.#boxes.set(type, box);
        line.append(box, made('span', '', type));
        group.append(line);
      }
      list.append(group);
    }

    const found = () => this.#all.filter(matcher(find.value.trim()));
    find.addEventListener('input', () => {
      const hits = new Set(found());
      for (const [type, box] of this.#boxes) box.parentElement.hidden = !hits.has(type);
      for (const group of list.children) {
        group.hidden = [...group.querySelectorAll('.type')].every((line) => line.hidden);
      }
    });
    find.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#select(found());
    });
    root.querySelector('.types-only').addEventListener('click', () => this.#select(found()));
    root.querySelector('.types-all').addEventListener('click', () => this.#select(this.#usual));
  }

  #writeSelection() {
    for (const { chip, usual } of this.#categories) {
      chip?.setAttribute('aria-pressed', this.#share(usual));
    }
    for (const [type, box] of this.#boxes) box.checked = this.#selected.has(type);
    this.#open.textContent = this.#unfiltered
      ? `All ${this.#usual.length} types`
      : `${this.#selected.size} of ${this.#all.length} types`;
  }

  #writeCounts() {
    for (const { counter, count } of this.#categories) {
      const text = compact(count);
      if (counter && counter.textContent !== text) counter.textContent = text;
    }
  }
}

/** With a star, a glob over the whole name as the SDK's; without, a part of it. */
function matcher(text) {
  if (!text.includes('*')) return (type) => type.includes(text);
  const pattern = text
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*');
  const glob = new RegExp(`^${pattern}$`);
  return (type) => glob.test(type);
}

/** At most four characters, and nearly always three: a chip keeps its width. */
function compact(count) {
  if (count < 1000) return String(count);
  return count < 1_000_000 ? `${Math.floor(count / 1000)}k` : `${Math.floor(count / 1_000_000)}M`;
}

function made(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}
