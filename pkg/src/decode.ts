/** From a row of a batch to an event. */

import { KIND, ROW } from './boundary.js';
import { DecodeError } from './error.js';
import { type AnyEvent, type Content, LazyEvent, type Parse, receivedEvent } from './event.js';
import { jsonErrorPosition } from './json-position.js';
import type { ProfileDefinition } from './profile.js';

/** An event whose payload could not be read. */
export class DecodeFailure {
  constructor(
    readonly error: DecodeError,
    readonly type: string,
    readonly name: string,
    readonly category: string | null,
    readonly id: string | null,
    readonly lastEventId: string,
    readonly raw: string,
  ) {}
}

/** Makes events of one profile; remembers the last event ID between them. */
export class Decoder {
  lastEventId: string;
  readonly #types: string[] = [];
  readonly #categories: string[] = [];
  readonly #mode: Parse;
  /** The member that holds the payload, if not all of the data is. */
  readonly #payload: string | undefined;
  readonly #discriminator: string | undefined;
  readonly #repairJson: (text: string) => string;
  readonly #content = (event: LazyEvent) => this.#read(event.type, event.name, event.raw);

  constructor(
    profile: ProfileDefinition,
    parse: Parse | undefined,
    lastEventId: string,
    repairJson: (text: string) => string,
  ) {
    for (const [category, types] of Object.entries(profile.categories)) {
      for (const type of types) {
        this.#types.push(type);
        this.#categories.push(category);
      }
    }
    this.#mode = parse ?? (profile.format === 'text' ? 'text' : 'eager');
    this.#payload = member(profile.payload);
    this.#discriminator = member(profile.discriminator);
    this.lastEventId = lastEventId;
    this.#repairJson = repairJson;
  }

  /** The event of a row whose text starts at `at`, or why there is none. */
  decode(text: string, at: number, rows: Uint32Array, row: number): AnyEvent | DecodeFailure {
    const kind = rows[row + ROW.kind] ?? KIND.unknown;
    const dataAt = at + (rows[row + ROW.name] ?? 0);
    const idAt = dataAt + (rows[row + ROW.data] ?? 0);
    const raw = text.slice(dataAt, idAt);
    const idText = text.slice(idAt, idAt + (rows[row + ROW.id] ?? 0));
    if (kind & KIND.lastEventIdChanged) {
      this.lastEventId = idText;
    }
    const { lastEventId } = this;
    const id = kind & KIND.hasId ? idText : null;
    const index = kind & KIND.typeMask;
    const type = this.#types[index] ?? 'unknown';
    const category = this.#categories[index] ?? null;
    const name = category === null ? text.slice(at, dataAt) : type;
    const replayed = (kind & KIND.replayed) !== 0;
    if (this.#mode === 'lazy') {
      return new LazyEvent(type, name, category, this.#content, id, lastEventId, replayed, raw);
    }
    try {
      const { data, meta } = this.#read(type, name, raw);
      return receivedEvent(type, name, category, data, meta, id, lastEventId, replayed, raw);
    } catch (error) {
      if (error instanceof DecodeError) {
        return new DecodeFailure(error, type, name, category, id, lastEventId, raw);
      }
      throw error;
    }
  }

  #read(type: string, name: string, raw: string): Content {
    if (this.#mode === 'text') {
      return { data: raw, meta: undefined };
    }
    let whole: unknown;
    try {
      whole = this.#parse(raw);
    } catch (error) {
      // A name that nobody knows may go with any text. Without even a name, where one
      // should stand in the JSON, the text itself is broken.
      if (type === 'unknown' && !(name === '' && this.#discriminator !== undefined)) {
        return { data: raw, meta: undefined };
      }
      throw notJson(name, raw, error);
    }
    const payload = this.#payload;
    if (payload === undefined) {
      return { data: whole, meta: undefined };
    }
    if (typeof whole !== 'object' || whole === null || !Object.hasOwn(whole, payload)) {
      if (type === 'unknown') {
        return { data: whole, meta: undefined };
      }
      throw new DecodeError(`the data of ${called(name)} has no member '${payload}'`, name);
    }
    const { [payload]: data, ...rest } = whole as Record<string, unknown>;
    if (this.#discriminator === undefined) {
      return { data, meta: rest };
    }
    const { [this.#discriminator]: _type, ...meta } = rest;
    return { data, meta };
  }

  #parse(raw: string): unknown {
    try {
      return JSON.parse(raw);
    } catch (error) {
      const repaired = this.#repairJson(raw);
      if (repaired === raw) {
        throw error;
      }
      return JSON.parse(repaired);
    }
  }
}

function notJson(name: string, raw: string, cause: unknown): DecodeError {
  const position = jsonErrorPosition(raw);
  const where =
    raw === ''
      ? 'is empty, where JSON should be'
      : position === raw.length
        ? `is JSON that breaks off at position ${position}`
        : `is not JSON at position ${position}: ${JSON.stringify(raw.slice(Math.max(0, position - 12), position + 12))}`;
  return new DecodeError(`the data of ${called(name)} ${where}`, name, position, cause);
}

function called(name: string): string {
  return name === '' ? 'an event without a name' : `'${name}'`;
}

function member(place: string | { readonly field: string } | undefined): string | undefined {
  return typeof place === 'object' ? place.field : undefined;
}
