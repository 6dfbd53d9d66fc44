/** What has arrived and waits for a consumer: events in batches, and notices in between. */

import { KIND, ROW } from './boundary.js';
import { DecodeFailure, type Decoder } from './decode.js';
import type { AnyEvent } from './event.js';
import type { Passes } from './filter.js';
import { leaveOut } from './rows.js';

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

interface Batch {
  readonly text: string;
  readonly rows: Uint32Array;
  /** Where the next event's row and text begin. */
  row: number;
  at: number;
  /** Laid over it since: the filter was changed after it came. */
  passes: Passes | undefined;
}

export class EventQueue {
  /** How many events wait. */
  events = 0;
  /** UTF-16 units of what waits. */
  size = 0;
  readonly #decoder: Decoder;
  #entries: (Batch | Notice | PassedOver)[] = [];
  /** How many of the entries are gone already: shifting each off would move all the others. */
  #gone = 0;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** Takes a chunk's events; `rows` is copied. */
  pushBatch(text: string, rows: Uint32Array): void {
    if (rows.length === 0) {
      return;
    }
    this.events += rows.length / ROW.width;
    this.size += text.length;
    this.#entries.push({ text, rows: rows.slice(), row: 0, at: 0, passes: undefined });
  }

  /** Takes of a chunk's events only the last event ID, which those after them go by. */
  pushIdOf(text: string, rows: Uint32Array): void {
    let id: string | undefined;
    for (let row = 0, at = 0; row < rows.length; row += ROW.width) {
      const idAt = at + (rows[row + ROW.name] ?? 0) + (rows[row + ROW.data] ?? 0);
      at = idAt + (rows[row + ROW.id] ?? 0);
      if ((rows[row + ROW.kind] ?? 0) & KIND.lastEventIdChanged) {
        id = text.slice(idAt, at);
      }
    }
    const last = this.#entries.at(-1);
    if (id === undefined) {
      return;
    }
    if (last instanceof PassedOver) {
      last.lastEventId = id;
    } else if (last === undefined) {
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
    const entries: (Batch | Notice | PassedOver)[] = [];
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
      const rest = leaveOut(entry, lost, (kind, _name, length) => {
        if (!isDroppable(kind) || !tooMuch()) {
          return false;
        }
        this.events -= 1;
        this.size -= length;
        return true;
      });
      this.size += rest.added;
      lost = rest.lost;
      if (rest.rows.length > 0) {
        entries.push({ text: rest.text, rows: rest.rows, row: 0, at: 0, passes: entry.passes });
      }
    }
    if (lost !== undefined) {
      entries.push(new PassedOver(lost));
    }
    this.#entries = entries;
    this.#gone = 0;
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
      const entry = this.#entries[this.#gone];
      if (entry === undefined) {
        return undefined;
      }
      if (entry instanceof Notice) {
        this.#drop();
        return entry;
      }
      if (entry instanceof PassedOver) {
        this.#decoder.lastEventId = entry.lastEventId;
        this.#drop();
        continue;
      }
      const event = this.#take(entry);
      if (entry.row >= entry.rows.length) {
        this.#drop();
      }
      if (entry.passes === undefined || entry.passes(event)) {
        return event instanceof DecodeFailure ? new Notice('decodeerror', event) : event;
      }
    }
  }

  #take(batch: Batch): AnyEvent | DecodeFailure {
    const { text, rows, row, at } = batch;
    const event = this.#decoder.decode(text, at, rows, row);
    const length =
      (rows[row + ROW.name] ?? 0) + (rows[row + ROW.data] ?? 0) + (rows[row + ROW.id] ?? 0);
    batch.row = row + ROW.width;
    batch.at = at + length;
    this.events -= 1;
    this.size -= length;
    return event;
  }

  #drop(): void {
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

function holds(batch: Batch, isDroppable: (kind: number) => boolean): boolean {
  for (let row = batch.row; row < batch.rows.length; row += ROW.width) {
    if (isDroppable(batch.rows[row + ROW.kind] ?? KIND.unknown)) {
      return true;
    }
  }
  return false;
}
