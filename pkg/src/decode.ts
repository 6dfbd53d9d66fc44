/** From a row of a batch to an event. */

import {
  KIND_HAS_ID,
  KIND_LAST_EVENT_ID_CHANGED,
  KIND_REPLAYED,
  KIND_TYPE_MASK,
  KIND_UNKNOWN,
  KIND_WIDE,
  ROW_DATA,
  ROW_ID,
  ROW_KIND,
  ROW_MEMBER,
  ROW_NAME,
  ROW_WIDTH,
} from './boundary.js';
import { DecodeError, type DecodeErrorDetails } from './error.js';
import { type AnyEvent, type Content, LazyEvent, type Parse, receivedEvent } from './event.js';
import { jsonErrorPosition } from './json-position.js';
import type { Passes } from './filter.js';
import { parseOf, type ProfileDefinition, type TableRow, tableOf } from './profile.js';
import { repairJson } from './repair-json.js';
import { type Batch, dataAt, idAt, nameAt } from './rows.js';
import type { Checked, CheckBatch } from './validator.js';

/** An event whose payload could not be read. */
export class DecodeFailure {
  constructor(
    /** What is wrong, and where. */
    readonly error: DecodeError,
    /** The event's type. */
    readonly type: string,
    /** The event's name, as a profile would list it. */
    readonly name: string,
    /** The event's category. */
    readonly category: string | null,
    /** The id that the event came with, or null. */
    readonly id: string | null,
    /** The id to go on from, after this event. */
    readonly lastEventId: string,
    /** The data as it came. */
    readonly raw: string,
  ) {}
}

/** What stands for a type that the profile does not know. */
const UNKNOWN = { type: 'unknown', category: null };

type Members = readonly [values: readonly unknown[], wideValues: readonly unknown[]];

/** A batch, and how far it has been taken. */
export class Cursor {
  /** Where the row of the next event begins. */
  row = 0;
  /** UTF-16 units of the last one that was taken. */
  taken = 0;
  /** The payloads of the text and of what is wide, parsed at once. */
  members: Members | undefined = undefined;
  /** What the check of the payloads has said of each. */
  checked: readonly (Checked | null)[] | undefined = undefined;

  constructor(
    readonly batch: Batch,
    /** Laid over it since: the filter was changed after it came. */
    public passes: Passes | undefined,
  ) {}
}

/** Makes events of one profile; remembers the last event ID between them. */
export class Decoder {
  lastEventId: string;
  /** The last event's type, as the profile counts them; `KIND_UNKNOWN` or not below their number for one unknown. */
  index: number = KIND_UNKNOWN;
  /** What came of the last event that could not be read. */
  failure: DecodeFailure | undefined = undefined;
  /** Set before the first event comes, where payloads are to be checked. */
  check: CheckBatch | undefined = undefined;
  readonly #table: readonly TableRow[];
  readonly #mode: Parse;
  /** The member that holds the payload, if not all of the data is. */
  readonly #payload: string | undefined;
  readonly #discriminator: string | undefined;
  readonly #content = (event: LazyEvent) => this.#read(event.type, event.name, event.raw);

  constructor(profile: ProfileDefinition, parse: Parse | undefined, lastEventId: string) {
    this.#table = tableOf(profile);
    this.#mode = parse ?? parseOf(profile);
    this.#payload = member(profile.payload);
    this.#discriminator = member(profile.discriminator);
    this.lastEventId = lastEventId;
  }

  /** Takes the next event of a batch. If there is none, `failure` says why. */
  next(cursor: Cursor): AnyEvent | undefined {
    const { batch, row } = cursor;
    const { rows } = batch;
    const kind = rows[row + ROW_KIND] as number;
    cursor.row = row + ROW_WIDTH;
    cursor.taken =
      (rows[row + ROW_NAME] as number) +
      (rows[row + ROW_DATA] as number) +
      (rows[row + ROW_ID] as number);
    const raw = dataAt(batch, row);
    let id: string | null = null;
    if (kind & (KIND_HAS_ID | KIND_LAST_EVENT_ID_CHANGED)) {
      const own = idAt(batch, row);
      if (kind & KIND_LAST_EVENT_ID_CHANGED) {
        this.lastEventId = own;
      }
      if (kind & KIND_HAS_ID) {
        id = own;
      }
    }
    const { lastEventId } = this;
    const replayed = (kind & KIND_REPLAYED) !== 0;
    this.index = kind & KIND_TYPE_MASK;
    const known = this.#table[this.index];
    const { type, category } = known ?? UNKNOWN;
    const name = known ? type : nameAt(batch, row);
    if (this.#mode === 'text') {
      return receivedEvent(type, name, category, raw, undefined, id, lastEventId, replayed, raw);
    }
    if (this.#mode === 'lazy') {
      return new LazyEvent(type, name, category, this.#content, id, lastEventId, replayed, raw);
    }
    try {
      const { data, meta } = this.#eager(cursor, row, type, name, raw);
      return receivedEvent(type, name, category, data, meta, id, lastEventId, replayed, raw);
    } catch (error) {
      if (error instanceof DecodeError) {
        this.failure = new DecodeFailure(error, type, name, category, id, lastEventId, raw);
        return undefined;
      }
      throw error;
    }
  }

  #eager(cursor: Cursor, row: number, type: string, name: string, raw: string): Content {
    const { batch } = cursor;
    if (row === 0) {
      if (this.check) {
        cursor.checked = this.check(batch);
      } else if (batch.isArray) {
        cursor.members = membersOf(batch);
      }
    }
    return this.check
      ? this.#checked(type, name, raw, cursor.checked?.[row / ROW_WIDTH])
      : cursor.members
        ? this.#split(type, name, memberAt(cursor.members, batch.rows, row))
        : this.#read(type, name, raw);
  }

  #read(type: string, name: string, raw: string): Content {
    let whole: unknown;
    try {
      whole = this.#parse(raw);
    } catch (error) {
      // A name that nobody knows may go with any text. Without even a name, where one
      // should stand in the JSON, the text itself is broken.
      if (type === 'unknown' && (name !== '' || !this.#discriminator)) {
        return { data: raw, meta: undefined };
      }
      throw notJson(name, raw, error);
    }
    return this.#split(type, name, whole);
  }

  /** What the check made of an event; undefined where it could not look at it. */
  #checked(type: string, name: string, raw: string, checked: Checked | null | undefined): Content {
    if (checked === undefined) {
      throw flaw(name, 'could not be checked: the module broke down');
    }
    if (checked === null) {
      return this.#read(type, name, raw);
    }
    const { data, meta, error } = checked;
    if (error) {
      // What is no JSON at all is told with the position.
      this.#read(type, name, raw);
      const [path, expected, found] = error;
      const what = `does not fit at ${path}: expected ${expected}; found ${found}`;
      throw flaw(name, what, { path, expected, found });
    }
    return { data, meta };
  }

  /** The payload and its envelope. */
  #split(type: string, name: string, whole: unknown): Content {
    const payload = this.#payload;
    if (!payload) {
      return { data: whole, meta: undefined };
    }
    if (typeof whole !== 'object' || whole === null || !Object.hasOwn(whole, payload)) {
      if (type === 'unknown') {
        return { data: whole, meta: undefined };
      }
      throw flaw(name, `has no member '${payload}'`);
    }
    const { [payload]: data, ...rest } = whole as Record<string, unknown>;
    if (!this.#discriminator) {
      return { data, meta: rest };
    }
    const { [this.#discriminator]: _type, ...meta } = rest;
    return { data, meta };
  }

  #parse(raw: string): unknown {
    try {
      return JSON.parse(raw);
    } catch (error) {
      const repaired = repairJson(raw);
      if (repaired === raw) {
        throw error;
      }
      return JSON.parse(repaired);
    }
  }
}

/** All payloads by one call; undefined if one of them is not JSON: it has to be found. */
function membersOf({ text, wide, namesAt }: Batch): Members | undefined {
  const parsed = (array: string) => (array === '' ? [] : (JSON.parse(array) as unknown[]));
  try {
    return [parsed(text.slice(0, namesAt)), parsed(wide)];
  } catch {
    return undefined;
  }
}

function memberAt([values, wideValues]: Members, rows: Uint32Array, row: number): unknown {
  const isWide = ((rows[row + ROW_KIND] as number) & KIND_WIDE) !== 0;
  return (isWide ? wideValues : values)[rows[row + ROW_MEMBER] as number];
}

function notJson(name: string, raw: string, cause: unknown): DecodeError {
  const position = jsonErrorPosition(raw);
  const where =
    raw === ''
      ? 'is empty, where JSON should be'
      : position === raw.length
        ? `is JSON that breaks off at position ${position}`
        : `is not JSON at position ${position}: ${JSON.stringify(raw.slice(Math.max(0, position - 12), position + 12))}`;
  return flaw(name, where, { position, cause });
}

function flaw(name: string, what: string, details?: DecodeErrorDetails): DecodeError {
  const called = name === '' ? 'an event without a name' : `'${name}'`;
  return new DecodeError(`the data of ${called} ${what}`, name, details);
}

function member(place: string | { readonly field: string } | undefined): string | undefined {
  return (place as { readonly field?: string } | undefined)?.field;
}
