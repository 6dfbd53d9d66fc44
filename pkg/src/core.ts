/** The WebAssembly module that drives connections. */

import type { ConnectionOptions, Exports, Host, ModuleExports, ModuleImports } from './boundary.js';
import { type Memory, ModuleConnection } from './connection.js';
import { takeRows } from './rows.js';
import { type Compile, instantiate, type Loader, moduleLoader, type Place, type Running } from './module.js';

/** The module, running. */
export interface Core extends Exports, Running {}

/** Gives the module running, the same one until it breaks down. */
export type LoadCore = Loader<Core>;

/** One module for all entries of the package: the first to need it brings it for the others. */
export const everyEntry: Place<Core> = {};

/** @returns a function that rejects with a TidewireError `unsupported` where there can be no module. */
export function coreLoader(compile: Compile, place: Place<Core> = {}): LoadCore {
  return moduleLoader(compile, start, place);
}

async function start(module: WebAssembly.Module): Promise<Core> {
  const connections = new Map<number, ModuleConnection>();
  let exports: ModuleExports;
  let keys = 0;
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
  // Often there is nothing, and a view costs more than a look.
  const part = (start: number, length: number) =>
    length === 0 ? none : allBytes.subarray(start, start + length);
  const bytes = (start: number, length: number) => {
    look();
    return part(start, length);
  };
  const read = (start: number, length: number) => decoder.decode(bytes(start, length));
  const imports: ModuleImports = {
    now: () => performance.now(),
    wake: (key, after) => connections.get(key)?.wake(after),
    ask: (key, ...asked) => connections.get(key)?.ask(...asked),
    open: (key, transport, query, queryLength, id, idLength) =>
      connections
        .get(key)
        ?.open(transport, read(query, queryLength), id === 0 ? undefined : bytes(id, idLength)),
    steer: (key, transport, what) => connections.get(key)?.steer(transport, what),
    retry: (key, attempt, status) => Number(connections.get(key)?.retry(attempt, status)),
    batch: (key, text, textLength, rows, rowsLength, namesAt, wideAt, flags, lent, lentLength) => {
      look();
      const more = connections
        .get(key)
        ?.batch(
          part(text, textLength),
          takeRows(allWords, rows >> 2, rowsLength),
          namesAt,
          wideAt,
          (flags & 1) !== 0,
          (flags & 2) !== 0,
          part(lent, lentLength),
        );
      return more === undefined ? 2 : Number(more);
    },
    report: (key, what, number, delay, ...texts) =>
      connections.get(key)?.report(
        what,
        number,
        delay,
        [0, 2, 4, 6].map((at) => read(texts[at] ?? 0, texts[at + 1] ?? 0)),
      ),
    give: (start, length) => {
      given = read(start, length);
    },
  };
  const { exports: guarded, onTrap } = await instantiate(module, { tidewire: imports });
  exports = guarded as unknown as ModuleExports;
  const memory: Memory = {
    exports,
    read,
    bytes,
    write(data) {
      const from = typeof data === 'string' ? encoder.encode(data) : data;
      const start = exports.allocate(from.length);
      look();
      allBytes.set(from, start);
      return [start, from.length];
    },
    feed(connection, transport, chunk) {
      const { length } = chunk;
      // Even for a chunk of no bytes: an address of 0 is none.
      if (room === 0 || length > roomLength) {
        roomLength = Math.max(2 ** Math.ceil(Math.log2(length)), 4096);
        room = exports.allocate(roomLength);
      }
      look();
      allBytes.set(chunk, room);
      exports.chunk(connection, transport, room, length, performance.now());
    },
    given(call) {
      given = '';
      call();
      return given;
    },
  };
  onTrap(() => connections.forEach((connection) => connection.release()));
  return {
    Connection: class extends ModuleConnection {
      readonly #key: number;

      constructor(options: ConnectionOptions, host: Host) {
        const key = (keys += 1);
        super(memory, options, host, key);
        this.#key = key;
        connections.set(key, this);
      }

      override free(): void {
        super.free();
        connections.delete(this.#key);
      }
    },
    onTrap,
  };
}
