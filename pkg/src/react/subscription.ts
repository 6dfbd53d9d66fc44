/** The stream of one component: opened when it is mounted, closed when it is gone. */

import type { TidewireError } from '../error.js';
import type { AnyEvent } from '../event.js';
import type { Connect, EventsOptions } from '../react.js';
import { report } from '../report.js';
import type { Closed, StreamNews, StreamState, TidewireStream } from '../stream.js';
import type { Gathering, Reduce } from './gathering.js';
import { LatestFunctions } from './latest.js';
import { isSame } from './same.js';

/** How a stream is. */
export interface StreamStatus {
  /** `closed` without a URL, `connecting` on a server. */
  readonly state: StreamState;
  /** Why the last attempt failed, until the stream is open again. */
  readonly error: TidewireError | undefined;
  /** How the stream has ended. */
  readonly closed: Closed | undefined;
  /** How often events may have been missed. When it grows, it is time to refetch. */
  readonly gaps: number;
  /** The last of those gaps. */
  readonly gap: StreamNews['gap'] | undefined;
  /** What was recovered by the last reconnection. */
  readonly resumed: StreamNews['resumed'] | undefined;
  /** Opens anew at once. A stream that has ended begins again, without what it had gathered. */
  readonly reconnect: () => void;
}

type Changing = { -readonly [name in Exclude<keyof StreamStatus, 'reconnect'>]: StreamStatus[name] };

export class Subscription {
  readonly #connect: Connect;
  readonly #url: string | undefined;
  #options: EventsOptions;
  readonly #gathering: Gathering;
  readonly #functions = new LatestFunctions();
  readonly #listeners = new Set<() => void>();
  #stream: TidewireStream | undefined;
  #status: Changing;
  readonly #first: object;
  #snapshot: object | undefined;
  #isTelling = false;
  #leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(
    connect: Connect,
    url: string | undefined,
    options: EventsOptions,
    gathering: Gathering,
  ) {
    this.#connect = connect;
    this.#url = url;
    this.#options = options;
    this.#gathering = gathering;
    this.#status = statusBefore(url);
    this.#snapshot = this.#first = this.#look();
  }

  /** Whether the stream that is asked for is this one, perhaps with another filter. */
  isFor(url: string | undefined, options: EventsOptions): boolean {
    return url === this.#url && isSame(connectionOf(options), connectionOf(this.#options));
  }

  /** Takes over what a later render says. */
  follow(options: EventsOptions, reduce: Reduce<unknown> | undefined): void {
    const before = filterOf(this.#options);
    this.#options = options;
    this.#functions.follow(options);
    if (this.#gathering.follow(options, reduce)) {
      this.#changed();
    }
    const filter = filterOf(options);
    if (this.#stream !== undefined && !isSame(before, filter)) {
      void this.#changeFilter(this.#stream, filter);
    }
  }

  /** For React: tells of changes. The stream is open as long as somebody listens. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    clearTimeout(this.#leaving);
    if (this.#stream === undefined) {
      this.#begin();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) {
        // Who comes in the place of who goes takes the connection over; and in StrictMode that is
        // the same component.
        this.#leaving = setTimeout(() => this.#end(), 0);
      }
    };
  };

  /** The same object until something changes. */
  readonly snapshot = (): object => (this.#snapshot ??= this.#look());

  /** What a server renders, and what the browser takes over. */
  readonly atFirst = (): object => this.#first;

  readonly #reconnect = (): void => {
    if (this.#listeners.size === 0) {
      return;
    }
    if (this.#status.closed !== undefined || this.#stream?.state === 'closed') {
      this.#end();
      this.#begin();
    } else {
      this.#stream?.reconnect();
    }
  };

  #begin(): void {
    const url = this.#url;
    if (url === undefined) {
      return;
    }
    const { keep: _, ...options } = this.#functions.standIns(this.#options);
    const share = options.share ?? mayBeRepeated(options);
    const stream = this.#connect<any, undefined>(url, { ...options, share } as object);
    this.#stream = stream;
    const told = <Told>(take: (told: Told) => void) => {
      return (told: Told): void => {
        if (this.#stream === stream) {
          take(told);
          this.#changed();
        }
      };
    };
    const on = <Type extends keyof StreamNews>(
      type: Type,
      take: (detail: StreamNews[Type]) => Partial<Changing>,
    ): void => {
      const listener = told((detail: StreamNews[Type]) => Object.assign(this.#status, take(detail)));
      stream.addEventListener(type, (event) => listener(event.detail));
    };
    stream.on('*', told((event: AnyEvent) => this.#gathering.add(event)));
    on('state', ({ state }) => ({ state }));
    on('open', () => ({ error: undefined }));
    on('error', ({ error }) => ({ error }));
    on('resumed', (resumed) => ({ resumed }));
    on('gap', (gap) => ({ gap, gaps: this.#status.gaps + 1 }));
    void stream.closed.then(
      told((closed) => {
        const { error } = closed;
        Object.assign(this.#status, { closed, state: 'closed' }, error && { error });
      }),
    );
  }

  /** What was gathered goes too: what came in the meantime would be missing from it in silence. */
  #end(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#gathering.clear();
    this.#status = statusBefore(this.#url);
    this.#changed();
  }

  async #changeFilter(stream: TidewireStream, filter: FilterOptions): Promise<void> {
    try {
      await stream.setFilter(filter);
    } catch (error) {
      if (error instanceof TypeError) {
        // It is the program that is wrong.
        report(error);
      } else if (this.#stream === stream) {
        this.#status.error = error as TidewireError;
        this.#changed();
      }
    }
  }

  /** All that arrives together is told at once. */
  #changed(): void {
    this.#snapshot = undefined;
    if (!this.#isTelling) {
      this.#isTelling = true;
      queueMicrotask(() => {
        this.#isTelling = false;
        this.#listeners.forEach((listener) => listener());
      });
    }
  }

  #look(): object {
    return Object.freeze({
      ...this.#gathering.shown(),
      ...this.#status,
      reconnect: this.#reconnect,
    });
  }
}

type FilterOptions = Pick<EventsOptions, 'categories' | 'types'>;

function filterOf({ categories, types }: EventsOptions): FilterOptions {
  return { categories, types };
}

/** What another connection is needed for. */
function connectionOf({ categories: _, types: __, keep: ___, ...others }: EventsOptions): object {
  return others;
}

/** Whether the request is one that several may share. */
function mayBeRepeated({ method = 'GET', body, profile }: EventsOptions): boolean {
  const hasBody = body !== undefined && body !== null;
  return method.toUpperCase() === 'GET' && !hasBody && profile?.definition.runsOnce !== true;
}

function statusBefore(url: string | undefined): Changing {
  return {
    state: url === undefined ? 'closed' : 'connecting',
    error: undefined,
    closed: undefined,
    gaps: 0,
    gap: undefined,
    resumed: undefined,
  };
}
