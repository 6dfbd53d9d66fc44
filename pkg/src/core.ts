/** The WebAssembly module that drives connections, and its memory, as both sides see it. */

import type { Address, ModuleExports, ModuleImports } from './boundary.js';
import type { Connection } from './connection.js';
import { batchOf, takeRows } from './rows.js';
import { type Compile, instantiate, type Loader, moduleLoader, type Place, type Running } from './module.js';
import { type ReadText, textReader } from './utf8.js';

/** The module, running. */
export interface Core extends Running {
  readonly exports: ModuleExports;
  /** The connections, by what the module knows them by. */
  readonly connections: Map<number, Connection>;
  /** Puts a text into the module's memory: where, and how many bytes. */
  write(text: string): [start: number, length: number];
  read(start: number, length: number): string;
  bytes(start: number, length: number): Uint8Array;
  /** Gives a connection bytes of one of its requests. Those before a part that throws are given too. */
  feed(connection: Address, transport: number, parts: readonly Uint8Array[]): void;
  /** What the export gives by `give` that is called now. */
  given(call: () => void): string;
}

/** Gives the module running, the same one until it breaks down. */
export type LoadCore = Loader<Core>;

/** One module for all entries of the package: the first to need it brings it for the others. */
export const everyEntry: Place<Core> = {};

/** @returns a function that rejects with a TidewireError `unsupported` where there can be no module. */
export function coreLoader(compile: Compile, place: Place<Core> = {}): LoadCore {
  return moduleLoader(compile, start, place);
}

/**
 * Where a chunk is put is a multiple of this: elsewhere, from some KiB on, some processors copy ten
 * times as slowly (3 instead of 30 GB/s, seen on an AMD EPYC).
 */
const ALIGNMENT = 64;

async function start(module: WebAssembly.Module): Promise<Core> {
  const connections = new Map<number, Connection>();
  let exports: ModuleExports;
  let readText: ReadText;
  /** Where chunks are put, one after the other. */
  let room = 0;
  let roomLength = 0;
  let given = '';
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const encoder = new TextEncoder();
  const none = new Uint8Array();
  let allBytes = none;
  let allWords = new Uint32Array();
  const look = () => {
    const { buffer } = exports.memory;
    // Memory that has grown is another buffer.
    if (allBytes.buffer !== buffer) {
      allBytes = new Uint8Array(buffer);
      allWords = new Uint32Array(buffer);
    }
  };
  const bytes = (start: number, length: number) => {
    look();
    // Often there is nothing, and a view costs more than a look.
    return length === 0 ? none : allBytes.subarray(start, start + length);
  };
  const read = (start: number, length: number) => decoder.decode(bytes(start, length));
  const imports: ModuleImports = {
    now: () => performance.now(),
    wake: (key, after) => connections.get(key)?.wake(after),
    ask: (key, ...asked) => connections.get(key)?.ask(...asked),
    open: (key, ...asked) => connections.get(key)?.open(...asked),
    steer: (key, transport, what) => connections.get(key)?.steer(transport, what),
    retry: (key, ...asked) => connections.get(key)?.retry(...asked),
    batch: (key, text, textLength, rows, rowsLength, namesAt, size, flags, lent, lentLength, wide, wideLength) => {
      look();
      const batch = batchOf(
        readText,
        text,
        textLength,
        takeRows(allWords, rows >> 2, rowsLength),
        namesAt,
        size,
        flags,
        lent,
        lentLength,
        wide,
        wideLength,
      );
      return batch ? connections.get(key)?.batch(batch) : 2;
    },
    report: (key, ...told) => connections.get(key)?.report(...told),
    give: (start, length) => {
      given = read(start, length);
    },
  };
  const { exports: guarded, onTrap } = await instantiate(module, { tidewire: imports });
  exports = guarded as unknown as ModuleExports;
  readText = textReader(exports.memory, bytes);
  return {
    exports,
    connections,
    onTrap,
    read,
    bytes,
    write(text) {
      const from = encoder.encode(text);
      const start = exports.allocate(from.length);
      look();
      allBytes.set(from, start);
      return [start, from.length];
    },
    feed(connection, transport, parts) {
      let length = 0;
      for (const part of parts) length += part.length;
      // Even for a chunk of no bytes: an address of 0 is none.
      if (room === 0 || length > roomLength) {
        roomLength = Math.max(2 ** Math.ceil(Math.log2(length)), 4096);
        room = (exports.allocate(roomLength + ALIGNMENT) + ALIGNMENT - 1) & -ALIGNMENT;
      }
      look();
      length = 0;
      try {
        for (const part of parts) {
          allBytes.set(part, room + length);
          length += part.length;
        }
      } finally {
        exports.chunk(connection, transport, room, length, performance.now());
      }
    },
    given(call) {
      given = '';
      call();
      return given;
    },
  };
}
