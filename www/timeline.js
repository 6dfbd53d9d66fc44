// The last minute of a connection: a span for each state that it was in.

const MINUTE = 60_000; // ms
const NAMES = { connecting: 'Connecting', open: 'Open', waiting: 'Waiting', closed: 'Closed' };

export class Timeline {
  #box;
  #label;
  #spans; // [{ state, from }], oldest first
  #elements = [];

  constructor(box, label) {
    this.#box = box;
    this.#label = label;
    this.#spans = [{ state: 'closed', from: performance.now() }];
  }

  enter(state) {
    if (this.#spans.at(-1).state === state) return;
    this.#spans.push({ state, from: performance.now() });
  }

  draw(now = performance.now()) {
    const start = now - MINUTE;
    while (this.#spans.length > 1 && this.#spans[1].from <= start) this.#spans.shift();
    const spoken = [];
    this.#spans.forEach(({ state, from }, index) => {
      const since = Math.max(from, start);
      const length = (this.#spans[index + 1]?.from ?? now) - since;
      this.#place(index, state, (since - start) / MINUTE, length / MINUTE);
      const seconds = Math.round(length / 1000);
      spoken.push(`${NAMES[state].toLowerCase()} ${seconds < 1 ? 'under 1' : seconds} s`);
    });
    for (const surplus of this.#elements.splice(this.#spans.length)) surplus.remove();
    this.#box.setAttribute('aria-label', `${this.#label} over the last minute: ${spoken.join(', ')}`);
  }

  /** By transforms: what moves with the time is never laid out, so nothing shifts. */
  #place(index, state, offset, length) {
    let element = this.#elements[index];
    if (!element) {
      element = document.createElement('span');
      element.append(document.createElement('span'));
      this.#box.append(element);
      this.#elements.push(element);
    }
    if (element.dataset.span !== state) {
      element.dataset.span = state;
      element.title = NAMES[state];
      element.firstChild.textContent = NAMES[state];
    }
    element.style.transform = `translateX(${(offset * 100).toFixed(2)}cqw)`;
    element.style.width = `${(length * 100).toFixed(2)}cqw`;
  }
}
