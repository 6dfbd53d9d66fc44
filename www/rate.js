// The last minute as sixty bars, each stacked by category.

import { colourOf } from './colour.js';

const SECONDS = 60;
/** The rate that is shown in figures: the mean of the last seconds. */
const RECENT = 5;

export class Rate {
  #canvas;
  #bars = Array.from({ length: SECONDS }, () => new Map());
  #second = now();

  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** Counts one event; `category` is a number, -1 for none. */
  count(category) {
    this.#advance();
    const bar = this.#bars.at(-1);
    bar.set(category, (bar.get(category) ?? 0) + 1);
  }

  /** Events a second, over the last few whole seconds. */
  get perSecond() {
    this.#advance();
    return this.#bars.slice(-1 - RECENT, -1).reduce((sum, bar) => sum + total(bar), 0) / RECENT;
  }

  draw() {
    this.#advance();
    const { clientWidth, clientHeight } = this.#canvas;
    if (clientWidth === 0) return;
    const scale = devicePixelRatio;
    const width = Math.round(clientWidth * scale);
    const height = Math.round(clientHeight * scale);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const context = this.#canvas.getContext('2d');
    context.clearRect(0, 0, width, height);
    const baseline = Math.max(1, Math.round(scale));
    context.fillStyle = colourOf('line');
    context.fillRect(0, height - baseline, width, baseline);
    // A quiet stream should look quiet: the scale never goes below four.
    const highest = Math.max(4, ...this.#bars.map(total));
    const step = width / SECONDS;
    this.#bars.forEach((bar, index) => {
      let top = height - baseline;
      for (const [category, count] of [...bar].sort(([a], [b]) => a - b)) {
        const size = (count / highest) * (height - baseline);
        top -= size;
        context.fillStyle = colourOf(category);
        context.fillRect(Math.round(index * step), top, Math.max(1, Math.round(step) - Math.round(scale)), size);
      }
    });
    const peak = Math.max(...this.#bars.map(total));
    this.#canvas.setAttribute('aria-label', `Events a second over the last minute, ${peak} at most`);
  }

  #advance() {
    const current = now();
    for (let left = Math.min(current - this.#second, SECONDS); left > 0; left -= 1) {
      this.#bars.shift();
      this.#bars.push(new Map());
    }
    this.#second = current;
  }
}

function total(bar) {
  let sum = 0;
  for (const count of bar.values()) sum += count;
  return sum;
}

function now() {
  return Math.floor(performance.now() / 1000);
}
