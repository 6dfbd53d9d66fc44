/** What has arrived and waits for a consumer: events in batches, and notices in between. */

import { KIND_UNKNOWN, ROW_KIND, ROW_WIDTH } from './boundary.js';
import { Cursor, type DecodeFailure, type Decoder } from './decode.js';
import type { AnyEvent } from './event.js';
import type { Passes } from './filter.js';
import { type Batch, lastIdOf, leaveOut, releaseRows } from './rows.js';

/** Something that is told in its place among the events, not an event of the server. */
export class Notice {
  constructor(
    readonly type: 'resumed' | 'gap' | 'decodeerror',
    readonly detail: object,
  ) {}
}

/** A chunk's events that nobody wants: only its last event ID counts. */
class PassedOver {
  constructor(public lastEventId: string) {}
}

export class EventQueue {
  /** How many events wait. */
  events = 0;
  /** UTF-16 units of what waits. */
  size = 0;
  /** The first entry that is left, from when an event is to be taken of it. */
  cursor: Cursor | undefined = undefined;
  readonly #decoder: Decoder;
  #entries: (Cursor | Notice | PassedOver)[] = [];
  /** How many of the entries are gone already: shifting each off would move all the others. */
  #gone = 0;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  pushBatch(batch: Batch): void {
    const events = batch.rows.length / ROW_WIDTH;
    if (events > 0) {
      this.events += events;
      this.size += batch.size;
      this.#entries.push(new Cursor(batch, undefined));
    }
  }

  /** Takes of a batch only the last event ID, which those after it go by. */
  pushIdOf(batch: Batch): void {
    const id = lastIdOf(batch);
    const last = this.#entries.at(-1);
    if (id === undefined) {
      return;
    }
    if (last instanceof PassedOver) {
      last.lastEventId = id;
    } else if (!last) {
      this.#decoder.lastEventId = id;
    } else {
      this.#entries.push(new PassedOver(id));
    }
  }

  /**
   * Drops the oldest events that may be dropped while `tooMuch` says so.
   * Answers how many those were.
   */
  shed(isDroppable: (kind: number) => boolean, tooMuch: () => boolean): number {
    const before = this.events;
    const entries: (Cursor | Notice | PassedOver)[] = [];
    let lost: string | undefined;
    for (const entry of this.#entries.slice(this.#gone)) {
      if (entry instanceof PassedOver) {
        lost = undefined;
      }
      const stays = entry instanceof Notice || entry instanceof PassedOver;
      if (stays || (lost === undefined && !(tooMuch() && holds(entry, isDroppable)))) {
        entries.push(entry);
        continue;
      }
      const rest = leaveOut(entry.batch, entry.row, lost, (kind, _name, length) => {
        if (!isDroppable(kind) || !tooMuch()) {
          return false;
        }
        this.events -= 1;
        this.size -= length;
        return true;
      });
      this.size += rest.added;
      lost = rest.lost;
      if (rest.batch.rows.length > 0) {
        entries.push(new Cursor(rest.batch, entry.passes));
      }
    }
    if (lost !== undefined) {
      entries.push(new PassedOver(lost));
    }
    this.#entries = entries;
    this.#gone = 0;
    this.cursor = undefined;
    return before - this.events;
  }

  pushNotice(notice: Notice): void {
    this.#entries.push(notice);
  }

  /** Events that came before pass only if `passes` says so too. */
  filter(passes: Passes): void {
    for (const entry of this.#entries) {
      if (!(entry instanceof Notice || entry instanceof PassedOver)) {
        entry.passes = passes;
      }
    }
  }

  clear(): void {
    this.#entries = [];
    this.#gone = 0;
    this.cursor = undefined;
    this.events = 0;
    this.size = 0;
  }

  get isEmpty(): boolean {
    return this.#gone === this.#entries.length;
  }

  /** The next notice, if no event is before it. */
  nextNotice(): Notice | undefined {
    const at = this.#entries[this.#gone] instanceof PassedOver ? this.#gone + 1 : this.#gone;
    const entry = this.#entries[at];
    return entry instanceof Notice ? (this.next() as Notice) : undefined;
  }

  /** The next event or notice; undefined if nothing waits. */
  next(): AnyEvent | Notice | undefined {
    for (;;) {
      const next = this.begin();
      if (!(next instanceof Cursor)) {
        return next;
      }
      const event = this.take(next);
      if (event) {
        return event;
      }
    }
  }

  /** The batch that the next event is in, or a notice that comes first; undefined if nothing waits. */
  begin(): Cursor | Notice | undefined {
    while (this.cursor === undefined) {
      const entry = this.#entries[this.#gone];
      if (entry instanceof Cursor) {
        this.cursor = entry;
      } else {
        if (entry) {
          this.#drop();
        }
        if (!(entry instanceof PassedOver)) {
          return entry;
        }
        this.#decoder.lastEventId = entry.lastEventId;
      }
    }
    return this.cursor;
  }

  /**
   * Takes the next event out of the batch that `begin` gave, or what is told in its place; undefined
   * if it does not pass.
   */
  take(cursor: Cursor): AnyEvent | Notice | undefined {
    const { batch, passes } = cursor;
    const event = this.#decoder.next(cursor);
    this.events -= 1;
    this.size -= cursor.taken;
    if (cursor.row >= batch.rows.length) {
      this.#drop();
      releaseRows(batch);
    }
    return event === undefined || passes !== undefined ? this.#unusual(event, passes) : event;
  }

  #unusual(event: AnyEvent | undefined, passes: Passes | undefined): AnyEvent | Notice | undefined {
    const failure = this.#decoder.failure as DecodeFailure;
    this.#decoder.failure = undefined;
    if (passes && !passes(event ?? failure)) {
      return undefined;
    }
    return event ?? new Notice('decodeerror', failure);
  }

  #drop(): void {
    this.cursor = undefined;
    this.#gone += 1;
    if (this.#gone === this.#entries.length) {
      this.#entries = [];
      this.#gone = 0;
    } else if (this.#gone >= 256 && this.#gone * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#gone);
      this.#gone = 0;
    }
  }
}

function holds({ batch, row: first }: Cursor, isDroppable: (kind: number) => boolean): boolean {
  for (let row = first; row < batch.rows.length; row += ROW_WIDTH) {
    if (isDroppable(batch.rows[row + ROW_KIND] ?? KIND_UNKNOWN)) {
      return true;
    }
  }
  return false;
}
