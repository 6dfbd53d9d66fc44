/** A clock that goes when the test says: hours of reconnecting in no time. */

/// <reference lib="esnext.disposable" preserve="true" />

import { realTime, settled } from './tasks.js';

/** The clock, in place of the real one. */
export interface Clock extends Disposable {
  /** What `performance.now()` says: milliseconds. */
  readonly now: number;
  /**
   * Lets time pass: every timer that falls due is called at its time, and what it leads to, over
   * promises too, is done before the next one.
   */
  advance(milliseconds: number): Promise<void>;
  /**
   * Lets time pass until a promise is settled, from timer to timer, and gives what it gives: the
   * next request after a delay that nobody knows, say. Rejects where that takes more than
   * `limit` milliseconds (a day), or where no timer is left.
   */
  until<T>(promise: PromiseLike<T>, options?: { readonly limit?: number | undefined }): Promise<T>;
  /** Puts the real clock back. Timers that are still set are never called. */
  uninstall(): void;
}

/** Milliseconds. */
const DAY = 86_400_000;

/** Real milliseconds that are waited for something to happen where no timer is set. */
const PATIENCE = 3_000;

let installed: VirtualClock | undefined;

/**
 * Replaces `setTimeout`, `setInterval`, what clears them, and `performance.now`, until
 * `uninstall()`: all that Tidewire knows of time. `Date` goes on as it is. Install it before you
 * connect.
 *
 * @throws Error if there is one already.
 */
export function installClock(): Clock {
  if (installed !== undefined) {
    throw new Error('installClock: there is one already. uninstall() it after each test');
  }
  installed = new VirtualClock();
  return installed;
}

interface Due {
  at: number;
  readonly interval: number | undefined;
  readonly call: () => void;
}

class VirtualClock implements Clock {
  #now = Math.ceil(performance.now());
  #last = 0;
  /** By their numbers, which grow: of two that are due at once, the older comes first. */
  readonly #timers = new Map<number, Due>();
  readonly #putBack: (() => void)[] = [];

  constructor() {
    const { clearTimeout, clearInterval } = globalThis;
    const set =
      (repeats: boolean) =>
      (callback: (...values: unknown[]) => void, delay?: number, ...values: unknown[]) =>
        this.#set(() => callback(...values), Number(delay), repeats);
    const clear = (real: (timer: any) => void) => (timer: unknown) => {
      if (timer instanceof Timer) this.#timers.delete(timer.number);
      // By its number, or set before the clock was there.
      else if (!this.#timers.delete(Number(timer))) real(timer);
    };
    this.#replace(globalThis, 'setTimeout', set(false));
    this.#replace(globalThis, 'setInterval', set(true));
    this.#replace(globalThis, 'clearTimeout', clear(clearTimeout));
    this.#replace(globalThis, 'clearInterval', clear(clearInterval));
    this.#replace(performance, 'now', () => this.#now);
  }

  get now(): number {
    return this.#now;
  }

  async advance(milliseconds: number): Promise<void> {
    if (!(milliseconds >= 0)) {
      throw new RangeError(`advance: time goes forwards, not by ${milliseconds}`);
    }
    const end = this.#now + milliseconds;
    await settled();
    while (this.#callNext(end)) {
      await settled();
    }
    this.#now = end;
  }

  async until<T>(
    promise: PromiseLike<T>,
    { limit = DAY }: { limit?: number | undefined } = {},
  ): Promise<T> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    const outcome = Promise.resolve(promise);
    outcome.then(settle, settle);
    const end = this.#now + limit;
    await settled();
    while (!isSettled) {
      if (this.#callNext(end)) {
        // Twice: whoever waits for it may themselves wait until all is settled.
        await settled();
        await settled();
      } else if (this.#timers.size > 0) {
        throw new Error(`until: it took more than ${limit} ms, and was given up`);
      } else if (!(await this.#comesTrue(() => isSettled || this.#timers.size > 0))) {
        throw new Error('until: no timer is set that could lead to it');
      }
    }
    return outcome;
  }

  uninstall(): void {
    this.#putBack.splice(0).forEach((putBack) => putBack());
    this.#timers.clear();
    if (installed === this) installed = undefined;
  }

  [Symbol.dispose](): void {
    this.uninstall();
  }

  /** Waits, in real time, for what no timer leads to: the module being compiled, say. */
  async #comesTrue(condition: () => boolean): Promise<boolean> {
    let isOver = false;
    const { passed, cancel } = realTime(PATIENCE);
    void passed.then(() => {
      isOver = true;
    });
    while (!condition() && !isOver) {
      await settled();
    }
    cancel();
    return !isOver;
  }

  #set(call: () => void, delay: number, repeats: boolean): Timer {
    this.#last += 1;
    // As in Node: what is no delay, or more than 32 bits hold, is 1 ms.
    const wait = delay >= 1 && delay <= 0x7fff_ffff ? Math.trunc(delay) : 1;
    const interval = repeats ? wait : undefined;
    this.#timers.set(this.#last, { at: this.#now + wait, interval, call });
    return new Timer(this.#last);
  }

  /** Calls the timer that is due first, by `end`. Answers whether there was one. */
  #callNext(end: number): boolean {
    let first: [number, Due] | undefined;
    for (const entry of this.#timers) {
      if (entry[1].at <= end && (first === undefined || entry[1].at < first[1].at)) first = entry;
    }
    if (first === undefined) {
      return false;
    }
    const [number, due] = first;
    this.#now = Math.max(this.#now, due.at);
    if (due.interval === undefined) this.#timers.delete(number);
    else due.at += due.interval;
    due.call();
    return true;
  }

  #replace(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { configurable: true, writable: true, value });
    this.#putBack.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  }
}

/** What setting a timer gives: an object as in Node, a number where one is wanted as in browsers. */
class Timer {
  constructor(readonly number: number) {}

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.toPrimitive](): number {
    return this.number;
  }
}
