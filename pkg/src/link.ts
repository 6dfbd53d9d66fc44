/** One connection of the module's, and who receives what it brings. */

import { Attempts } from './attempts.js';
import type { Connection, Host } from './boundary.js';
import type { Core } from './core.js';
import { TidewireError } from './error.js';
import type { FilterNames } from './filter.js';
import type { HeadStart } from './head-start.js';
import { connectionOptions } from './module-options.js';
import type { Settings } from './options.js';
import { type Batch, batchOf } from './rows.js';
import type { Closed, StreamNews, StreamState } from './stream.js';

/** Who is told. The module is on the stack: nothing of a user's may run before these return. */
export interface Receiver {
  /** Nothing more fits, whether or not anybody reads. */
  readonly holdsBack: boolean;
  /** Answers whether to read on. `isFed`: `fed` comes as soon as the module is off the stack. */
  batch(batch: Batch, isFed: boolean): boolean;
  /** A user's code may run. */
  fed(): void;
  state(state: StreamState): void;
  open(detail: StreamNews['open']): void;
  resumed(recovered: StreamNews['resumed']['recovered'], lastEventId: string): void;
  gap(reason: string, lastEventId: string): void;
  failed(detail: StreamNews['error']): void;
  closed(reason: Closed['reason'], error?: TidewireError, status?: number): void;
}

export type CloseReason = 'closed' | 'aborted' | 'slow-consumer';

/** What a stream may ask of its connection. */
export interface Source {
  /** There is room: read on. */
  want(): void;
  close(reason: CloseReason): void;
  reconnect(): void;
  /** `done` is called once, maybe with the module on the stack: without an error if the filter holds. */
  setFilter(filter: FilterNames, done: (error?: string) => void): void;
  /** Events of this name may come: an `EventSource` has to be told. */
  listen(name: string): void;
  /** Undefined while it cannot be told. */
  readonly lastEventId: string | undefined;
  readonly attempts: number;
  readonly duplicates: number;
}

const STATES: readonly StreamState[] = ['connecting', 'open', 'waiting', 'closed'];

export class Link implements Source {
  readonly #attempts: Attempts;
  readonly #receiver: Receiver;
  #connection: Connection | undefined;
  #releaseTrap: (() => void) | undefined;
  /** The module waits for a user's answer: it is not to be called. */
  #inHost = false;
  /** It is to be closed as soon as the module is off the stack. */
  #leaving = false;
  #closed = false;
  /** Changes of the filter that the module has not answered yet. */
  #changes: ((error?: string) => void)[] = [];
  #duplicates = 0;

  constructor(
    core: Core,
    settings: Settings,
    filter: FilterNames,
    lastEventId: string,
    names: readonly string[],
    receiver: Receiver,
    head?: HeadStart,
  ) {
    this.#receiver = receiver;
    this.#attempts = head?.attempts ?? new Attempts(settings);
    this.#releaseTrap = core.onTrap((error) => {
      this.#connection = undefined;
      this.#end('interrupted', error);
    });
    const { prepared } = this.#attempts;
    const options = connectionOptions(settings, filter, lastEventId, prepared, head);
    try {
      this.#connection = new core.Connection(options, this.#host());
      names.forEach((name) => this.#connection?.listen(name));
      this.#connection.start();
    } catch (cause) {
      // A trap has ended it already, and says more.
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#end('rejected', new TidewireError(message, { code: 'options', cause }));
    }
  }

  get lastEventId(): string | undefined {
    return this.#inHost || this.#closed
      ? undefined
      : this.#ask((connection) => connection.lastEventId);
  }

  get attempts(): number {
    return this.#attempts.count;
  }

  get duplicates(): number {
    if (!this.#inHost) {
      this.#countDuplicates();
    }
    return this.#duplicates;
  }

  want(): void {
    this.#call((connection) => connection.want());
  }

  close(reason: CloseReason): void {
    this.#leaving = true;
    this.#call((connection) => connection.close(reason));
  }

  reconnect(): void {
    this.#call((connection) => connection.reconnect());
  }

  setFilter({ categories, types }: FilterNames, done: (error?: string) => void): void {
    if (this.#closed) {
      done();
      return;
    }
    this.#changes.push(done);
    this.#call((connection) => connection.setFilter(categories, types));
  }

  listen(name: string): void {
    this.#call((connection) => connection.listen(name));
  }

  #host(): Host {
    const receiver = this.#receiver;
    const attempts = this.#attempts;
    return {
      token: (attempt, reason) =>
        // In a microtask: the module is on the stack now.
        Promise.resolve().then(() => attempts.prepare(attempt, reason)),
      headers: () => attempts.headers(),
      when: (attempt, status) => {
        // The one place where the module has to wait for a user's answer: what that asks of
        // the stream is done once the module is off the stack.
        this.#inHost = true;
        try {
          const wanted = attempts.mayRetry(attempt, status);
          // It may have closed the stream itself.
          return wanted && !this.#leaving;
        } finally {
          this.#inHost = false;
        }
      },
      batch: (text, rows, namesAt, wideAt, isArray, continues, lent, isFed) => {
        const batch = batchOf(text, rows, namesAt, wideAt, isArray, continues, lent);
        return batch && receiver.batch(batch, isFed);
      },
      fed: () => receiver.fed(),
      state: (state) => receiver.state(STATES[state] ?? 'closed'),
      open: (status, url, redirected) =>
        receiver.open({ status, url: attempts.shown(url), redirected }),
      resumed: (code, lastEventId) =>
        receiver.resumed((['no', 'yes', 'unknown'] as const)[code] ?? 'unknown', lastEventId),
      filtered: (error) => this.#changes.shift()?.(error && attempts.shown(error)),
      gap: (reason, lastEventId) => receiver.gap(reason, lastEventId),
      failed: (code, status, message, body, willRetry, delay) => {
        const error = attempts.error(code, status, message, body);
        receiver.failed({ error, willRetry, delay });
      },
      closed: (reason, code, status, message, body) => {
        const error =
          code === '' ? undefined : attempts.error(code, status, message, body, reason);
        this.#end(reason as Closed['reason'], error, status || undefined);
        queueMicrotask(() => this.#free());
      },
    };
  }

  #end(reason: Closed['reason'], error?: TidewireError, status?: number): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#releaseTrap?.();
      this.#receiver.closed(reason, error, status);
      // It does not matter any more.
      this.#changes.splice(0).forEach((done) => done());
    }
  }

  /** Calls the module, if it is there, once it is off the stack. */
  #call(command: (connection: Connection) => void): void {
    const run = () => {
      if (!this.#closed) {
        this.#ask(command);
      }
    };
    if (this.#inHost) {
      queueMicrotask(run);
    } else {
      run();
    }
  }

  #countDuplicates(): void {
    // After a trap, what was counted last stands.
    this.#duplicates = this.#ask((connection) => connection.duplicates) ?? this.#duplicates;
  }

  #free(): void {
    this.#countDuplicates();
    this.#ask((connection) => {
      this.#connection = undefined;
      connection.free();
    });
  }

  /** Calls the module, if it is there. A trap in it ends the stream by itself. */
  #ask<T>(call: (connection: Connection) => T): T | undefined {
    try {
      return this.#connection && call(this.#connection);
    } catch {
      return undefined;
    }
  }
}
