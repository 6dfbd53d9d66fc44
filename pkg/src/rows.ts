/** Batches: the events that cross together, and those with some of them left out. */

import { KIND, ROW } from './boundary.js';

/** Events as they crossed; see `Host.batch`. */
export interface Batch {
  /** Data and names; but of data only what is ASCII: the rest would make all of it twice as large. */
  readonly text: string;
  /** The other data, as an array; empty if there is none. */
  readonly wide: string;
  readonly rows: Uint32Array;
  /** Where the names begin in `text`; before that, it is its data as an array. */
  readonly namesAt: number;
  /** If these arrays can be parsed, their members are the events' payloads, each for itself. */
  readonly isArray: boolean;
  /** It is of the same chunk as the one before. */
  readonly continues: boolean;
}

export interface Rest {
  readonly batch: Batch;
  /** The last event ID that one left out brought, if none after it could take it over. */
  readonly lost: string | undefined;
  /** UTF-16 units that taking ids over has added. */
  readonly added: number;
}

let decoder: TextDecoder | undefined;

/** A batch as it crosses: no bytes of it are left in the module's memory. None, if it is no UTF-8. */
export function batchOf(
  bytes: Uint8Array,
  rows: Uint32Array,
  namesAt: number,
  wideAt: number,
  isArray: boolean,
  continues: boolean,
): Batch | undefined {
  // The first character of each is a bracket: there is no byte order mark to be lost.
  decoder ??= new TextDecoder('utf-8', { fatal: true });
  const isSplit = wideAt < bytes.length;
  const text = decoder.decode(isSplit ? bytes.subarray(0, wideAt) : bytes);
  let wide = '';
  try {
    wide = isSplit ? decoder.decode(bytes.subarray(wideAt)) : '';
  } catch {
    return undefined;
  }
  return { text, wide, rows, namesAt, isArray, continues };
}

/** The data of a batch's events, one after the other. */
export function dataOf({ text, wide, rows }: Batch): string[] {
  const data: string[] = [];
  let dataAt = 1;
  let wideAt = 1;
  for (let row = 0; row < rows.length; row += ROW.width) {
    const length = rows[row + ROW.data] as number;
    if ((rows[row + ROW.kind] as number) & KIND.wide) {
      data.push(wide.slice(wideAt, wideAt + length));
      wideAt += length + 1;
    } else {
      data.push(text.slice(dataAt, dataAt + length));
      dataAt += length + 1;
    }
  }
  return data;
}

/** How many UTF-16 units its events have. */
export function sizeOf({ rows }: Batch): number {
  let size = 0;
  for (let row = 0; row < rows.length; row += ROW.width) {
    const name = rows[row + ROW.name] as number;
    size += name + (rows[row + ROW.data] as number) + (rows[row + ROW.id] as number);
  }
  return size;
}

/** The last event ID that a batch brings, if it brings one. */
export function lastIdOf({ text, rows, namesAt }: Batch): string | undefined {
  let id: string | undefined;
  for (let row = 0, at = namesAt; row < rows.length; row += ROW.width) {
    const idAt = at + (rows[row + ROW.name] as number);
    at = idAt + (rows[row + ROW.id] as number);
    if ((rows[row + ROW.kind] as number) & KIND.lastEventIdChanged) {
      id = text.slice(idAt, at);
    }
  }
  return id;
}

/**
 * A batch from the row `first` on without the events for which `isOut` answers true, asked for
 * each in order. `lost` is the last event ID that was left out before: the next event takes it
 * over.
 */
export function leaveOut(
  batch: Batch,
  first: number,
  lost: string | undefined,
  isOut: (kind: number, name: string, length: number) => boolean,
): Rest {
  const { text, rows, namesAt, isArray, continues } = batch;
  const kept: number[] = [];
  const all = dataOf(batch);
  const data: string[] = [];
  const names: string[] = [];
  let added = 0;
  let at = namesAt;
  for (let row = 0; row < rows.length; row += ROW.width) {
    const [kind = 0, nameLength = 0, dataLength = 0, idLength = 0] = rows.subarray(row);
    const idAt = at + nameLength;
    const end = idAt + idLength;
    const name = text.slice(at, idAt);
    const ownId = text.slice(idAt, end);
    const changed = (kind & KIND.lastEventIdChanged) !== 0;
    if (row < first) {
      // It is gone already.
    } else if (isOut(kind, name, nameLength + dataLength + idLength)) {
      if (changed) {
        lost = ownId;
      }
    } else {
      // One with an id of its own that did not change it has that very id.
      const id = changed ? ownId : (lost ?? ownId);
      const takesOver = lost !== undefined && !changed ? KIND.lastEventIdChanged : 0;
      added += id.length - idLength;
      kept.push((kind & ~KIND.wide) | takesOver, nameLength, dataLength, id.length);
      data.push(all[row / ROW.width] as string);
      names.push(name, id);
      lost = undefined;
    }
    at = end;
  }
  const array = `[${data.join(',')}]`;
  const rest = {
    text: array + names.join(''),
    wide: '',
    rows: Uint32Array.from(kept),
    namesAt: array.length,
    isArray,
    continues,
  };
  return { batch: rest, lost, added };
}
