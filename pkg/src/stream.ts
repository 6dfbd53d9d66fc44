/** What `connect` returns, as the type checker sees it. */

/// <reference lib="esnext.disposable" preserve="true" />

import type { DecodeFailure } from './decode.js';
import type { TidewireError } from './error.js';
import type {
  AnyName,
  CategoryName,
  EventIn,
  EventMatching,
  Parse,
  Selected,
  StreamEvent,
  TypeName,
} from './event.js';
import type { AnyProfile, TypesOf } from './profile.js';

/** `waiting`: for the next attempt, or for the page to be seen again. */
export type StreamState = 'connecting' | 'open' | 'waiting' | 'closed';

/** How a stream ended. */
export interface Closed {
  /** Why; the first three are no errors. */
  readonly reason:
    /** By `close()`, or by leaving a `for await`. */
    | 'closed'
    /** By the signal. */
    | 'aborted'
    /** The server said that this was all. */
    | 'ended'
    /** A stream that must not be asked for again broke off. */
    | 'interrupted'
    /** The server refused it for good. */
    | 'rejected'
    /** No attempt is left. */
    | 'exhausted'
    /** More came than was taken, and `buffer.overflow` says to close then. */
    | 'slow-consumer'
    /** The platform cannot run this. */
    | 'unsupported';
  /** The HTTP status, where it was one that ended it. */
  readonly status?: number | undefined;
  /** What `for await` throws; absent where the end is none. */
  readonly error?: TidewireError | undefined;
}

/** What the listeners of `addEventListener` get as `detail`. */
export interface StreamNews {
  /** A stream is open, also after a reconnection. `status` is 0 where the transport hides it. */
  open: { readonly status: number; readonly url: string; readonly redirected: boolean };
  /** Another `state`. */
  state: { readonly state: StreamState };
  /** After each reconnection, in its place among the events. */
  resumed: { readonly recovered: 'yes' | 'no' | 'unknown'; readonly lastEventId: string };
  /** Events may be missing, or are: in its place among the events. */
  gap: { readonly reason: string; readonly lastEventId: string };
  /** An event whose payload could not be read, in its place among the events. */
  decodeerror: DecodeFailure;
  /** An attempt failed. `delay` is the milliseconds until the next one. */
  error: { readonly error: TidewireError; readonly willRetry: boolean; readonly delay: number };
}

/** What a stream has counted since it began. */
export interface StreamStats {
  /** Events that a handler or the iterator was given. */
  readonly delivered: number;
  /** Events that had come before, after a reconnection say, and were left out. */
  readonly duplicates: number;
  /** Events that `buffer.overflow: 'drop'` has shed. */
  readonly dropped: number;
  /** How often the stream was open again after it had been. */
  readonly reconnections: number;
  /** How often a `gap` was told. */
  readonly gaps: number;
  /** Requests, those among them that only got as far as the token. */
  readonly attempts: number;
}

type NewsListener<Type extends keyof StreamNews> =
  | ((event: CustomEvent<StreamNews[Type]>) => void)
  | { handleEvent(event: CustomEvent<StreamNews[Type]>): void };

/** A change of what is delivered; what is left out is empty. Nothing at all is everything. */
export interface FilterChange<P extends AnyProfile> {
  /** Events of these categories. */
  readonly categories?: readonly CategoryName<P>[] | undefined;
  /** Events of these types; `*` stands for any run of characters. */
  readonly types?: readonly TypeName<P>[] | undefined;
}

/**
 * A stream of typed events. Nothing is read until it has a handler or an iterator.
 *
 * A handler that returns a promise holds the next event back until it settles; one
 * that throws is reported like any uncaught error, and stops nothing.
 *
 * `Delivered` is the union of its events, which `connect` narrows to what its filter lets through.
 * A stream whose filter `setFilter` will widen is connected as one of all events, by
 * `connect<typeof dashtam>(…)`: its type cannot follow.
 */
export interface TidewireStream<
  P extends AnyProfile = AnyProfile,
  Mode extends Parse | undefined = undefined,
  Delivered = StreamEvent<P, Mode>,
> extends AsyncIterable<Delivered> {
  /** Whether it is open, and if not, why. */
  readonly state: StreamState;
  /** The id to go on from: that of the last event that was delivered. */
  readonly lastEventId: string;
  /** A fresh plain object at each look. Streams that share a connection count from when they joined it. */
  readonly stats: StreamStats;
  /** Resolves, always, once the stream has ended and its handlers have had every event. */
  readonly closed: Promise<Closed>;

  /** Ends it; what waits is not delivered any more. */
  close(): void;
  /** Opens anew at once, from the last event ID on. */
  reconnect(): void;
  /**
   * Changes what is delivered, at once. `{}` is everything, lists that are empty are nothing.
   * Rejects with a TypeError for names that the profile does not have; the old filter stays.
   */
  setFilter(filter: FilterChange<P>): Promise<void>;

  /** Calls `handler` for each event of a type, of a glob, of `*` or `unknown`. Answers how to stop that. */
  on<Name extends TypeName<P> | '*' | 'unknown'>(
    name: Name,
    handler: (event: EventMatching<P, Name, Mode, Delivered>) => unknown,
  ): () => void;
  /** The same for the next such event alone. */
  once<Name extends TypeName<P> | '*' | 'unknown'>(
    name: Name,
    handler: (event: EventMatching<P, Name, Mode, Delivered>) => unknown,
  ): () => void;
  /** The same for each event of a category. */
  onCategory<Category extends CategoryName<P>>(
    category: Category,
    handler: (event: EventIn<P, Category, Mode>) => unknown,
  ): () => void;

  /** Listens to the stream's own life; the server's events come by `on` and iteration. */
  addEventListener<Type extends keyof StreamNews>(
    type: Type,
    listener: NewsListener<Type> | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Takes a listener away. */
  removeEventListener<Type extends keyof StreamNews>(
    type: Type,
    listener: NewsListener<Type> | null,
    options?: boolean | EventListenerOptions,
  ): void;

  /**
   * Iterates; one iterator at a time. Leaving the loop closes the stream, unless
   * `preventClose` is set: then the next one goes on where this one stopped.
   */
  events(options?: {
    readonly preventClose?: boolean | undefined;
  }): AsyncIterableIterator<Delivered>;
  /** Iterates over all that is there, as a list of at least one. */
  batches(options?: {
    readonly preventClose?: boolean | undefined;
  }): AsyncIterableIterator<Delivered[]>;
  /** The events as a web stream; cancelling it closes this one. */
  readable(): ReadableStream<Delivered>;
  /**
   * The text of an answer, for profiles that say where it stands. Rejects if the
   * answer broke off, or if the server said that there is none.
   */
  text(): Promise<string>;

  [Symbol.asyncDispose](): Promise<void>;
}

/** What `connect` returns for a filter of these names. */
export type Connected<
  P extends AnyProfile,
  Mode extends Parse | undefined = undefined,
  Category = AnyName,
  Type = AnyName,
> = TidewireStream<P, Mode, StreamEvent<P, Mode, Selected<P, Category, Type>>>;

/** The union of the events that a stream delivers. */
export type EventOf<Stream> =
  Stream extends AsyncIterable<infer Event> ? Event : never;

/** A profile's payload of an event type. */
export type DataOf<
  P extends AnyProfile,
  Type extends keyof TypesOf<P>['events'],
> = TypesOf<P>['events'][Type];
