/** Batches: the events that cross together, and those with some of them left out. */

import {
  KIND_LAST_EVENT_ID_CHANGED,
  KIND_LENT,
  KIND_WIDE,
  ROW_DATA,
  ROW_DATA_AT,
  ROW_ID,
  ROW_ID_AT,
  ROW_KIND,
  ROW_NAME,
  ROW_NAME_AT,
  ROW_WIDTH,
} from './boundary.js';
import type { ReadText } from './utf8.js';

/** Events as they crossed; see `batch` in `boundary.ts`. */
export interface Batch {
  /** Data and names. */
  readonly text: string;
  /** Data that is not all ASCII: it would make all of the text twice as large. */
  readonly wide: string;
  /** The part of a chunk in which the events lie that are in neither. */
  readonly lent: string;
  readonly rows: Uint32Array;
  /** Where the names begin in `text`. */
  readonly namesAt: number;
  /** UTF-16 units of all data, names and ids. */
  readonly size: number;
  /**
   * What is before the names is an array of data, and what is wide is one: if these can be parsed,
   * their members are the events' payloads, each for itself.
   */
  readonly isArray: boolean;
  /** It is of the same chunk as the one before. */
  readonly continues: boolean;
  /** Others have it too. */
  readonly isShared: boolean;
}

export interface Rest {
  readonly batch: Batch;
  /** The last event ID that one left out brought, if none after it could take it over. */
  readonly lost: string | undefined;
  /** UTF-16 units that taking ids over has added. */
  readonly added: number;
}

/**
 * Room for rows, while none are in it: a batch's own would cost more than all else of it, and where
 * consumers are slow many wait.
 */
const spares: Uint32Array[] = [];
/** Numbers that there is room for in all of these. */
let spare = 0;

/** So many numbers are no less cheap in an array of their own. */
const FEW = 16;

/** The largest room that is kept, in numbers, and all that is kept. */
const [KEPT, ALL_KEPT] = [64 * 1024, 256 * 1024];

/** Takes rows out of the module's memory. */
export function takeRows(words: Uint32Array, start: number, count: number): Uint32Array {
  if (count <= FEW) {
    return words.slice(start, start + count);
  }
  let room = spares.pop();
  spare -= room?.length ?? 0;
  if (room === undefined || room.length < count) {
    room = new Uint32Array(count <= KEPT ? Math.max(2 ** Math.ceil(Math.log2(count)), 128) : count);
  }
  room.set(words.subarray(start, start + count));
  return room.subarray(0, count);
}

/** The rows of a batch are not looked at any more, and others may come in their place. */
export function releaseRows({ rows, isShared }: Batch): void {
  // An engine makes the buffer of a small array when it is asked for, no sooner.
  if (isShared || rows.length <= FEW) {
    return;
  }
  const room = rows.buffer.byteLength / 4;
  if (room <= KEPT && spare + room <= ALL_KEPT) {
    spares.push(new Uint32Array(rows.buffer));
    spare += room;
  }
}

/** A batch as it crosses: no bytes of it are left in the module's memory. None, if its text is not as it has to be. */
export function batchOf(
  read: ReadText,
  textAt: number,
  textLength: number,
  rows: Uint32Array,
  namesAt: number,
  size: number,
  flags: number,
  lentAt: number,
  lentLength: number,
  wideAt: number,
  wideLength: number,
): Batch | undefined {
  let text, lent, wide;
  try {
    text = read(textAt, textLength, false);
    lent = read(lentAt, lentLength, false);
    wide = read(wideAt, wideLength, true);
  } catch {
    return undefined;
  }
  const isAscii = text.length === textLength && lent.length === lentLength;
  const isArray = (flags & 1) !== 0;
  const continues = (flags & 2) !== 0;
  return flags & 4 && !isAscii
    ? undefined
    : { text, wide, lent, rows, namesAt, size, isArray, continues, isShared: false };
}

/** The data of the event whose row begins here. */
export function dataAt({ text, wide, lent, rows }: Batch, row: number): string {
  const kind = rows[row + ROW_KIND] as number;
  const at = rows[row + ROW_DATA_AT] as number;
  const from = kind & KIND_LENT ? lent : kind & KIND_WIDE ? wide : text;
  return from.slice(at, at + (rows[row + ROW_DATA] as number));
}

/** What its id part says. */
export function idAt(batch: Batch, row: number): string {
  const { rows } = batch;
  return named(batch, row, rows[row + ROW_ID_AT] as number, rows[row + ROW_ID] as number);
}

/** Its name, if its type is unknown. */
export function nameAt(batch: Batch, row: number): string {
  const { rows } = batch;
  return named(batch, row, rows[row + ROW_NAME_AT] as number, rows[row + ROW_NAME] as number);
}

function named({ text, lent, rows, namesAt }: Batch, row: number, at: number, length: number): string {
  const isLent = ((rows[row + ROW_KIND] as number) & KIND_LENT) !== 0;
  const start = isLent ? at : at + namesAt;
  return (isLent ? lent : text).slice(start, start + length);
}

/** The data of a batch's events, one after the other. */
export function dataOf(batch: Batch): string[] {
  const data: string[] = [];
  for (let row = 0; row < batch.rows.length; row += ROW_WIDTH) {
    data.push(dataAt(batch, row));
  }
  return data;
}

/** The last event ID that a batch brings, if it brings one. */
export function lastIdOf(batch: Batch): string | undefined {
  for (let row = batch.rows.length - ROW_WIDTH; row >= 0; row -= ROW_WIDTH) {
    if ((batch.rows[row + ROW_KIND] as number) & KIND_LAST_EVENT_ID_CHANGED) {
      return idAt(batch, row);
    }
  }
  return undefined;
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
  const { rows, isArray, continues } = batch;
  const kept: number[] = [];
  const data: string[] = [];
  const names: string[] = [];
  let dataEnd = 1;
  let namesEnd = 0;
  let size = 0;
  let added = 0;
  for (let row = first; row < rows.length; row += ROW_WIDTH) {
    const [kind = 0, nameLength = 0, dataLength = 0, idLength = 0] = rows.subarray(row, row + ROW_WIDTH);
    const name = nameAt(batch, row);
    const ownId = idAt(batch, row);
    const changed = (kind & KIND_LAST_EVENT_ID_CHANGED) !== 0;
    if (isOut(kind, name, nameLength + dataLength + idLength)) {
      if (changed) {
        lost = ownId;
      }
    } else {
      // One with an id of its own that did not change it has that very id.
      const id = changed ? ownId : (lost ?? ownId);
      const takesOver = lost !== undefined && !changed ? KIND_LAST_EVENT_ID_CHANGED : 0;
      const nameEnd = namesEnd + nameLength;
      added += id.length - idLength;
      kept.push(
        (kind & ~(KIND_WIDE | KIND_LENT)) | takesOver,
        nameLength,
        dataLength,
        id.length,
        dataEnd,
        nameEnd,
        namesEnd,
        data.length,
      );
      size += nameLength + dataLength + id.length;
      data.push(dataAt(batch, row));
      dataEnd += dataLength + 1;
      names.push(name, id);
      namesEnd = nameEnd + id.length;
      lost = undefined;
    }
  }
  const array = `[${data.join(',')}]`;
  const rest = {
    text: array + names.join(''),
    wide: '',
    lent: '',
    rows: Uint32Array.from(kept),
    namesAt: array.length,
    size,
    isArray,
    continues,
    isShared: false,
  };
  return { batch: rest, lost, added };
}
