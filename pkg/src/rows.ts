/** Batches with some of their events left out. */

import { KIND, ROW } from './boundary.js';

/** Rows and their text, of which those before `row` and `at` are gone. */
export interface Rows {
  readonly text: string;
  readonly rows: Uint32Array;
  readonly row: number;
  readonly at: number;
}

export interface Rest {
  readonly text: string;
  readonly rows: Uint32Array;
  /** The last event ID that one left out brought, if none after it could take it over. */
  readonly lost: string | undefined;
  /** UTF-16 units that taking ids over has added. */
  readonly added: number;
}

/**
 * A batch without the events for which `isOut` answers true, asked for each in order.
 * `lost` is the last event ID that was left out before: the next event takes it over.
 */
export function leaveOut(
  { text, rows, row, at }: Rows,
  lost: string | undefined,
  isOut: (kind: number, name: string, length: number) => boolean,
): Rest {
  const kept: number[] = [];
  const parts: string[] = [];
  let added = 0;
  let begin = at;
  for (let index = row; index < rows.length; index += ROW.width) {
    const kind = rows[index + ROW.kind] ?? KIND.unknown;
    const name = rows[index + ROW.name] ?? 0;
    const data = rows[index + ROW.data] ?? 0;
    const id = rows[index + ROW.id] ?? 0;
    const idAt = begin + name + data;
    const end = idAt + id;
    const changed = (kind & KIND.lastEventIdChanged) !== 0;
    if (isOut(kind, text.slice(begin, begin + name), end - begin)) {
      if (changed) {
        lost = text.slice(idAt, end);
      }
    } else if (lost === undefined || changed) {
      kept.push(kind, name, data, id);
      parts.push(text.slice(begin, end));
      lost = undefined;
    } else {
      // One with an id of its own that did not change it has that very id.
      kept.push(kind | KIND.lastEventIdChanged, name, data, lost.length);
      parts.push(text.slice(begin, idAt), lost);
      added += lost.length - id;
      lost = undefined;
    }
    begin = end;
  }
  return { text: parts.join(''), rows: Uint32Array.from(kept), lost, added };
}
