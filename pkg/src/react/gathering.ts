/** What becomes of the events that a component is to show. */

import type { AnyEvent } from '../event.js';

export type Reduce<Value> = (value: Value, event: any) => Value;

export interface Gathering {
  add(event: AnyEvent): void;
  /** Begins anew. */
  clear(): void;
  /** What is shown of it; of a form of its own at each look. */
  shown(): object;
  /** Takes over what a later render says. Answers whether something else is to be shown now. */
  follow(options: { readonly keep?: number | undefined }, reduce: Reduce<unknown> | undefined): boolean;
}

const KEEP = 100;

/** The latest events. */
export class Recent implements Gathering {
  #events: AnyEvent[] = [];
  #keep: number;

  constructor(keep: number | undefined) {
    this.#keep = checked(keep);
  }

  add(event: AnyEvent): void {
    this.#events.push(event);
    // Not at each event: that would move all of them each time.
    if (this.#events.length > 2 * this.#keep) {
      this.#trim();
    }
  }

  clear(): void {
    this.#events = [];
  }

  shown(): object {
    this.#trim();
    return { event: this.#events.at(-1), events: Object.freeze([...this.#events]) };
  }

  follow({ keep }: { readonly keep?: number | undefined }): boolean {
    const before = this.#keep;
    this.#keep = checked(keep);
    return this.#keep < this.#events.length && this.#keep !== before;
  }

  #trim(): void {
    this.#events.splice(0, this.#events.length - this.#keep);
  }
}

/** What a reducer makes of every event. */
export class Folded<Value> implements Gathering {
  #reduce: Reduce<Value>;
  readonly #initial: Value;
  #value: Value;

  constructor(reduce: Reduce<Value>, initial: Value) {
    this.#reduce = reduce;
    this.#initial = initial;
    this.#value = initial;
  }

  add(event: AnyEvent): void {
    const reduce = this.#reduce;
    this.#value = reduce(this.#value, event);
  }

  clear(): void {
    this.#value = this.#initial;
  }

  shown(): object {
    return { value: this.#value };
  }

  follow(_: object, reduce: Reduce<unknown> | undefined): boolean {
    if (reduce !== undefined) {
      this.#reduce = reduce as Reduce<Value>;
    }
    return false;
  }
}

/** @throws TypeError */
function checked(keep = KEEP): number {
  if (!Number.isInteger(keep) || keep < 1) {
    throw new TypeError(`keep must be a whole number from 1, not ${String(keep)}`);
  }
  return keep;
}
