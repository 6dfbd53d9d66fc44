/** Where a stream that a reload interrupts is to go on. */

import type { Settings } from './options.js';
import type { AnyEvent } from './event.js';
import { queryOf } from './profile.js';
import { report } from './report.js';

/** Keeps a cursor for each stream, under a key that holds no secret. */
export interface CursorStore {
  /** The id to go on after; nothing, to begin anew. It has 10 s. */
  get(key: string): string | null | undefined | PromiseLike<string | null | undefined>;
  /** Keeps it, whenever more was consumed. What it throws is reported once and stops nothing. */
  set(key: string, lastEventId: string): unknown;
}

/** How long a store is waited for, as long as a token. */
const GET_LIMIT = 10_000;

/** Query parameters that are called so are no part of a key. */
const SECRET = /token|secret|passw|credential|signature|^(api[-_]?)?key$|^sig$|^auth|^jwt$|^code$/i;

/**
 * A store in the tab's own `sessionStorage`: a reload goes on, another tab begins anew.
 * Where there is none, or it is full, nothing is kept, and nothing is thrown.
 */
export function sessionStore(prefix = 'tidewire:'): CursorStore {
  return {
    get(key) {
      try {
        return sessionStorage.getItem(prefix + key);
      } catch {
        return null;
      }
    },
    set(key, lastEventId) {
      try {
        sessionStorage.setItem(prefix + key, lastEventId);
      } catch {
        // The stream works without it.
      }
    },
  };
}

/**
 * The profile, the address without what may be secret in it, and the filter: of two
 * streams with different ones, neither may go on where the other is.
 */
export function cursorKey(settings: Settings): string {
  const { profile, categories, types } = settings;
  const url = new URL(settings.url);
  url.username = '';
  url.password = '';
  url.hash = '';
  for (const name of [...url.searchParams.keys()]) {
    if (SECRET.test(name) || name === queryOf(profile.auth) || name === queryOf(profile.cursor)) {
      url.searchParams.delete(name);
    }
  }
  return [profile.name, url.href, ...[...categories].sort(), ...[...types].sort()].join(' ');
}

/** What a stream's consumers are done with, told to its store. */
export class Progress {
  readonly #store: CursorStore;
  readonly #key: string;
  readonly #noCursor: ReadonlySet<string>;
  /** What is being consumed, in order, and by how many it still has to be. */
  readonly #open = new Map<AnyEvent, number>();
  #cursor: string | undefined;
  #written: string | undefined;
  #scheduled = false;
  #hasFailed = false;

  constructor(store: CursorStore, settings: Settings) {
    this.#store = store;
    this.#key = cursorKey(settings);
    this.#noCursor = new Set(settings.profile.noCursor);
  }

  /** Where to go on; empty if the store does not say. */
  async start(): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`store: get did not answer for ${GET_LIMIT / 1000} s`)),
        GET_LIMIT,
      );
    });
    try {
      const stored = await Promise.race([(async () => this.#store.get(this.#key))(), late]);
      return typeof stored === 'string' && !/[\0\r\n]/.test(stored) ? stored : '';
    } catch (error) {
      this.#fail(error);
      return '';
    } finally {
      clearTimeout(timer);
    }
  }

  /** An event is given to so many, the handlers together being one. */
  begin(event: AnyEvent, consumers: number): void {
    this.#open.set(event, consumers);
  }

  /** One of those is done with it. */
  done(event: AnyEvent): void {
    const left = this.#open.get(event);
    if (left === undefined) {
      return;
    }
    this.#open.set(event, left - 1);
    for (const [first, left] of this.#open) {
      if (left > 0) {
        break;
      }
      this.#open.delete(first);
      if (!this.#noCursor.has(first.type) && first.lastEventId !== '') {
        this.#cursor = first.lastEventId;
      }
    }
    if (this.#cursor !== this.#written && !this.#scheduled) {
      this.#scheduled = true;
      // Once for all events of a chunk.
      queueMicrotask(() => this.#write());
    }
  }

  #write(): void {
    this.#scheduled = false;
    this.#written = this.#cursor;
    if (this.#cursor !== undefined) {
      try {
        const written = this.#store.set(this.#key, this.#cursor) as
          PromiseLike<unknown> | undefined;
        written?.then?.(undefined, (error: unknown) => this.#fail(error));
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** Told once: the stream goes on without its store. */
  #fail(error: unknown): void {
    if (!this.#hasFailed) {
      this.#hasFailed = true;
      report(error);
    }
  }
}
