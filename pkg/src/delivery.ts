/** Between what arrives and who takes it: the buffer, the handlers and the iterator. */

import { KIND_TYPE_MASK } from './boundary.js';
import type { Receiver, Source } from './connection.js';
import { Decoder } from './decode.js';
import type { AnyEvent } from './event.js';
import type { Passes } from './filter.js';
import type { Consumer } from './iterate.js';
import type { Settings } from './options.js';
import { EventQueue, Notice } from './queue.js';
import { typesOf } from './profile.js';
import { report } from './report.js';
import type { Batch } from './rows.js';
import type { SharingReceiver } from './share.js';
import type { Closed } from './stream.js';
import type { Progress } from './store.js';
import type { CheckBatch } from './validator.js';
import { nextTask, turnIsOver } from './turn.js';
import { refuse } from './wording.js';

interface Handler {
  readonly passes: Passes;
  readonly call: (event: AnyEvent) => unknown;
}

/** The stream, as its delivery sees it. */
export interface Owner {
  /** More came than was taken, and nothing of it may be shed. */
  tooSlow(): void;
  /** News of the connection. */
  receive: Receiver['tell'];
  tellNotice(notice: Notice): void;
  close(): void;
  /** The handlers have had all that they get. */
  settle(end: Closed): void;
}

export class Delivery implements SharingReceiver {
  /** Events that a consumer was given. */
  delivered = 0;
  /** Events that the buffer has shed. */
  dropped = 0;
  /** The last event ID of the last event that was given. */
  lastEventId: string;
  /** The connection, once it is there. */
  source: Source | undefined;
  /** How the stream ended; what waits is delivered yet. */
  end: Closed | undefined;
  /** The filter names nothing, though it is there: everything arrives, and only the last event ID counts. */
  nothing: boolean;
  /** News that is to be told yet. */
  untold = 0;
  readonly tell: Receiver['tell'];
  readonly #owner: Owner;
  readonly #buffer: Settings['buffer'];
  readonly #progress: Progress | undefined;
  readonly #decoder: Decoder;
  readonly #queue: EventQueue;
  /** As the profile counts them. */
  readonly #types: readonly string[];
  readonly #droppable: ReadonlySet<string>;
  /** The connection waits for `want`. */
  #paused = true;
  /** Replaced, never changed: it is walked while handlers come and go. */
  #handlers: readonly Handler[] = [];
  /** Those of them that hear of a type, by its index; found when the first such event comes. */
  #byType: (readonly Handler[] | undefined)[] = [];
  #pumping = false;
  /** Lets go of the handlers that the next event waits for. */
  #stopWaiting: ((_: undefined) => void) | undefined;
  #draining = false;
  /** Something came, and `fed` comes. */
  #isDue = false;
  /** What handlers have had and the iterator has not. */
  #behind: AnyEvent[] = [];
  #behindSize = 0;
  #iterating = false;
  /** What the iterator has had last, and is at work on. */
  #taken: AnyEvent[] = [];
  #waiters: (() => void)[] = [];

  constructor(settings: Settings, progress: Progress | undefined, owner: Owner) {
    const { profile, lastEventId } = settings;
    this.nothing = settings.nothing;
    this.tell = owner.receive;
    this.#owner = owner;
    this.#buffer = settings.buffer;
    this.#progress = progress;
    this.lastEventId = lastEventId;
    this.#decoder = new Decoder(profile, settings.parse, lastEventId);
    this.#queue = new EventQueue(this.#decoder);
    // What a profile calls critical is never dropped, whatever else it calls it.
    this.#droppable = new Set(
      profile.droppable?.filter((type) => !profile.critical?.includes(type)),
    );
    this.#types = typesOf(profile);
  }

  /** Payloads are checked from now on. */
  checkBy(check: CheckBatch): void {
    this.#decoder.check = check;
  }

  /** Events that come from now on go on from here. */
  startFrom(lastEventId: string): void {
    this.lastEventId = lastEventId;
    this.#decoder.lastEventId = lastEventId;
  }

  /** Whether nothing waits. */
  get isUpToDate(): boolean {
    return this.#queue.events === 0 && this.#behind.length === 0;
  }

  /** Nothing more fits, whether or not anybody reads. */
  get holdsBack(): boolean {
    const { overflow } = this.#buffer;
    return overflow === 'drop' ? this.#isOverfull() : overflow === 'pause' && this.#isTaken(1);
  }

  /** Takes events. Answers whether to read on. They are given out at once by `fed`, or soon. */
  batch(batch: Batch, isFed: boolean): boolean {
    const { overflow } = this.#buffer;
    if (this.end) {
      return false;
    }
    if (this.nothing) {
      this.#queue.pushIdOf(batch);
      return this.#goesOn();
    }
    // What came with the same chunk nobody could have taken yet.
    if (overflow === 'close' && !batch.continues && this.#isTaken(1)) {
      this.#owner.tooSlow();
      return false;
    }
    this.#queue.pushBatch(batch);
    if (overflow === 'drop') {
      this.#shed();
    }
    // The stream's news has its place before the events that came behind it, and after those that
    // came before.
    if (isFed && this.untold === 0) {
      this.#isDue = true;
    } else {
      this.drainSoon();
    }
    if (this.holdsBack && !this.#buffer.pauses) {
      this.#owner.tooSlow();
    }
    return this.#goesOn();
  }

  pushNotice(notice: Notice): void {
    this.#queue.pushNotice(notice);
    this.drainSoon();
  }

  /** What waits is delivered only if it passes. */
  filter(passes: Passes): void {
    this.#queue.filter(passes);
    this.#keepBehind(passes);
  }

  /** Nothing that waits is delivered. */
  clear(): void {
    this.#queue.clear();
    this.#behind = [];
    this.#behindSize = 0;
    // Not even a handler that never comes back holds the end up.
    this.#stopWaiting?.(undefined);
  }

  handle(passes: Passes, call: (event: AnyEvent) => unknown): () => void {
    const handler = { passes, call };
    this.#setHandlers([...this.#handlers, handler]);
    this.drainSoon();
    return () => this.#setHandlers(this.#handlers.filter((other) => other !== handler));
  }

  /** One event after the other. */
  consumer(): Consumer<AnyEvent> {
    return this.#consumer(() => this.#take());
  }

  /** All that is there, each time. */
  batchConsumer(): Consumer<AnyEvent[]> {
    return this.#consumer(() => {
      const all: AnyEvent[] = [];
      for (let event = this.#take(); event; event = this.#take()) {
        all.push(event);
      }
      return all.length === 0 ? undefined : all;
    });
  }

  refill(): void {
    // Not at every single event: each start costs a turn of the network's loop.
    if (this.#paused && !this.end && this.source && this.#isRead() && !this.#isTaken(1 / 2)) {
      this.#paused = false;
      this.source.want();
    }
  }

  // ---- the buffer

  #isRead(): boolean {
    return this.#handlers.length > 0 || this.#iterating;
  }

  /** Whether to read on. */
  #goesOn(): boolean {
    this.#paused = this.holdsBack || !this.#isRead();
    return !this.#paused;
  }

  room(): number {
    const taken = this.#queue.events + this.#behind.length;
    return Math.max(this.#buffer.events - taken, 1);
  }

  /** Whether this share of the buffer is taken, and so much more. */
  #isTaken(share: number, more = 0): boolean {
    const { events, bytes } = this.#buffer;
    const queue = this.#queue;
    return (
      queue.events + this.#behind.length >= Math.max(events * share, 1) + more ||
      queue.size + this.#behindSize >= Math.max(bytes * share, 1) + more
    );
  }

  #isOverfull(): boolean {
    return this.#isTaken(1, 1);
  }

  #shed(): void {
    if (!this.#isOverfull()) {
      return;
    }
    // What handlers have had already is the oldest.
    for (let at = 0; at < this.#behind.length && this.#isOverfull();) {
      const event = this.#behind[at];
      if (event && this.#droppable.has(event.type)) {
        this.#behind.splice(at, 1);
        this.#forgetBehind(event);
        this.dropped += 1;
      } else {
        at += 1;
      }
    }
    this.dropped += this.#queue.shed(
      (kind) => this.#droppable.has(this.#types[kind & KIND_TYPE_MASK] ?? ''),
      () => this.#isOverfull(),
    );
  }

  #keepBehind(passes: Passes): void {
    const behind = this.#behind;
    this.#behind = behind.filter(passes);
    behind.filter((event) => !passes(event)).forEach((event) => this.#forgetBehind(event));
  }

  /** The iterator does not get it. */
  #forgetBehind(event: AnyEvent): void {
    this.#behindSize -= event.raw.length;
    this.#progress?.done(event);
  }

  // ---- the consumers

  #consumer<T>(take: () => T | undefined): Consumer<T> {
    if (this.#iterating) {
      refuse('this stream has an iterator already');
    }
    this.#iterating = true;
    this.refill();
    return {
      take: () => {
        // Who asks for the next is done with the one before.
        this.#finishTaken();
        return take();
      },
      end: () => {
        return this.#behind.length === 0 && this.#queueIsDone() ? this.end : undefined;
      },
      wait: (waiter: () => void) => {
        this.#waiters.push(waiter);
      },
      release: (close: boolean) => {
        this.#iterating = false;
        if (close) {
          this.#owner.close();
          return;
        }
        if (this.#handlers.length > 0) {
          // Handlers go on without waiting for an iterator that may never come.
          this.#keepBehind(() => false);
          this.#finishTaken();
        }
        // A `next` that waits is answered: its iterator is done.
        this.#wake();
      },
    };
  }

  #queueIsDone(): boolean {
    return this.#queue.isEmpty && !this.#pumping;
  }

  /** The next event for the iterator. Where handlers are, they have it first. */
  #take(): AnyEvent | undefined {
    const event = this.#takeBehind() ?? this.#takeFromQueue();
    if (event) {
      this.lastEventId = event.lastEventId;
      if (this.#progress) {
        this.#taken.push(event);
      }
    }
    // Even if all that was there were notices: they have left the buffer, too.
    this.refill();
    return event;
  }

  #takeBehind(): AnyEvent | undefined {
    const event = this.#behind.shift();
    if (event) {
      this.#behindSize -= event.raw.length;
    }
    return event;
  }

  #takeFromQueue(): AnyEvent | undefined {
    if (this.#pumping || this.#handlers.length > 0) {
      return undefined;
    }
    for (;;) {
      const next = this.#queue.next();
      if (!next) {
        return undefined;
      }
      if (!(next instanceof Notice)) {
        this.delivered += 1;
        this.#progress?.begin(next, 1);
        return next;
      }
      this.#owner.tellNotice(next);
    }
  }

  #setHandlers(handlers: readonly Handler[]): void {
    this.#handlers = handlers;
    this.#byType = [];
  }

  #finishTaken(): void {
    for (const event of this.#taken.splice(0)) {
      this.#progress?.done(event);
    }
  }

  fed(): void {
    if (this.#isDue) {
      this.#isDue = false;
      this.#drain();
    }
  }

  drainSoon(): void {
    if (!this.#draining) {
      this.#draining = true;
      queueMicrotask(() => {
        this.#draining = false;
        this.#drain();
      });
    }
  }

  /** Gives what waits to whoever wants it, and asks for more. */
  #drain(): void {
    if (this.#pumping) {
      return;
    }
    if (this.#handlers.length > 0) {
      this.#pumping = true;
      this.#pump();
    } else {
      if (!this.#iterating) {
        this.#tellLeadingNotices();
      }
      this.#drained();
    }
  }

  #drained(): void {
    this.#wake();
    this.refill();
    const handlersHaveMore = this.#handlers.length > 0 && !this.#queueIsDone();
    if (this.end && !handlersHaveMore) {
      this.#owner.settle(this.end);
    }
  }

  /**
   * Calls the handlers, without a promise as long as none of them gives one. A batch is walked in a
   * loop of its own: where all was asked anew for each event, it took a twentieth longer.
   */
  #pump(): void {
    const queue = this.#queue;
    while (this.#handlers.length > 0) {
      if (this.#yields()) {
        return;
      }
      const cursor = queue.begin();
      if (!cursor) {
        break;
      }
      if (cursor instanceof Notice) {
        this.#owner.tellNotice(cursor);
        continue;
      }
      const handlers = this.#handlers;
      const byType = this.#byType;
      for (;;) {
        const event = queue.take(cursor);
        if (event instanceof Notice) {
          this.#owner.tellNotice(event);
        } else if (event) {
          this.#progress?.begin(event, this.#iterating ? 2 : 1);
          if (this.#iterating) {
            this.#behind.push(event);
            this.#behindSize += event.raw.length;
            this.#wake();
          } else {
            if (this.#taken.length > 0) {
              this.#finishTaken();
            }
            this.lastEventId = event.lastEventId;
          }
          const type = this.#decoder.index;
          const waits = this.#call(event, byType[type] ?? this.#handlersOf(event, type));
          if (waits) {
            void this.#pumpAfter(waits, event);
            return;
          }
          this.#progress?.done(event);
          if (this.#paused) {
            this.refill();
          }
        }
        if (queue.cursor !== cursor || this.#handlers !== handlers) {
          break;
        }
        if (this.#yields()) {
          return;
        }
      }
    }
    this.#pumping = false;
    this.#drained();
  }

  /** Calls handlers. Answers what is to be waited for. */
  #call(event: AnyEvent, called: readonly Handler[]): PromiseLike<unknown>[] | undefined {
    const handlers = this.#handlers;
    let waits: PromiseLike<unknown>[] | undefined;
    for (let at = 0; at < called.length; at += 1) {
      const handler = called[at] as Handler;
      // One of the others may just have taken it off.
      if (this.#handlers !== handlers && !this.#handlers.includes(handler)) {
        continue;
      }
      try {
        const result = handler.call(event) as PromiseLike<unknown> | undefined;
        if (typeof result?.then === 'function') {
          (waits ??= []).push(Promise.resolve(result).catch(report));
        }
      } catch (error) {
        report(error);
      }
    }
    if (this.#iterating || called.length > 0) {
      this.delivered += 1;
    }
    return waits;
  }

  /** Whether the page's turn comes first. */
  #yields(): boolean {
    const isOver = turnIsOver();
    if (isOver) {
      void nextTask().then(() => this.#pump());
    }
    return isOver;
  }

  async #pumpAfter(waits: PromiseLike<unknown>[], event: AnyEvent): Promise<void> {
    // Closing does not wait for a handler that never comes back. (A race with `closed`
    // would leave a reaction on it for each event.)
    const released = await new Promise<unknown>((resolve) => {
      this.#stopWaiting = resolve;
      void Promise.all(waits).then(resolve);
    });
    // Else nobody knows what came of it.
    if (released) {
      this.#progress?.done(event);
      this.refill();
    }
    this.#pump();
  }

  #handlersOf(event: AnyEvent, type: number): readonly Handler[] {
    const handlers = this.#handlers.filter((handler) => handler.passes(event));
    // Of an unknown event's handlers its name decides.
    if (type < this.#types.length) {
      this.#byType[type] = handlers;
    }
    return handlers;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    waiters.forEach((waiter) => waiter());
  }

  #tellLeadingNotices(): void {
    for (let notice = this.#queue.nextNotice(); notice; notice = this.#queue.nextNotice()) {
      this.#owner.tellNotice(notice);
    }
  }
}
