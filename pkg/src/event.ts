/** The events of a stream: their types for the checker, their one shape at run time. */

import type { AnyProfile, TypesOf } from './profile.js';

/** How payloads are delivered; `undefined` is as the profile says. */
export type Parse = 'eager' | 'lazy' | 'text';

/**
 * One event.
 *
 * What it says in text (`raw`, `id`, a payload that is not parsed) is cut out of the text that
 * came with it, which an event that is kept keeps alive: up to 64 KiB, or its own size if that is
 * more. A parsed payload holds nothing but itself: keep `data` where many events are kept.
 */
export interface EventShape<Type, Category, Data, Meta> {
  /** The type's name; `unknown` for one that the profile does not know. */
  readonly type: Type;
  /** The name as a profile would list it; of an unknown event, as it stood on the wire. */
  readonly name: string;
  /** The category; null for an unknown event. */
  readonly category: Category;
  /** The payload. */
  readonly data: Data;
  /** The envelope: what stands around the payload, for profiles that have one. */
  readonly meta: Meta;
  /** The id that the event came with, or null. */
  readonly id: string | null;
  /** The id to go on from, once this event has been dealt with. */
  readonly lastEventId: string;
  /** Whether the server sent it again, or late, after a reconnection. */
  readonly replayed: boolean;
  /** The data as it came. */
  readonly raw: string;
}

type DataAs<Data, Mode extends Parse | undefined> = [Mode] extends ['text']
  ? string
  : [Mode] extends ['eager' | 'lazy']
    ? string extends Data
      ? unknown
      : Data
    : Data;

type CategoryOf<Categories, Type> = {
  [Category in keyof Categories]: Type extends Categories[Category] ? Category : never;
}[keyof Categories];

/** The event types that a profile knows. */
export type KnownType<P extends AnyProfile> = keyof TypesOf<P>['events'] & string;

/** The event of a profile's type `Type`, or the union for several. */
export type KnownEvent<
  P extends AnyProfile,
  Type extends KnownType<P> = KnownType<P>,
  Mode extends Parse | undefined = undefined,
> = {
  [T in Type]: EventShape<
    T,
    CategoryOf<TypesOf<P>['categories'], T>,
    DataAs<TypesOf<P>['events'][T], Mode>,
    TypesOf<P>['meta']
  >;
}[Type];

/** An event that the profile does not know. */
export type UnknownEvent<P extends AnyProfile> = EventShape<
  'unknown',
  null,
  unknown,
  TypesOf<P>['meta'] | undefined
>;

/** Any event of a profile, or of these types and unknown. Narrows on `type`, and on `category`. */
export type StreamEvent<
  P extends AnyProfile,
  Mode extends Parse | undefined = undefined,
  Type extends KnownType<P> = KnownType<P>,
> = KnownEvent<P, Type, Mode> | UnknownEvent<P>;

/** What a category may be called. */
export type CategoryName<P extends AnyProfile> = keyof TypesOf<P>['categories'] & string;

/** What an event type may be called in a filter: its name, a glob, and for open profiles anything. */
export type TypeName<P extends AnyProfile> =
  KnownType<P> | `${string}*${string}` | (true extends TypesOf<P>['open'] ? string : never);

type GlobPattern<Glob extends string> = Glob extends `${infer Head}*${infer Tail}`
  ? `${Head}${string}${GlobPattern<Tail>}`
  : Glob;

declare const anyName: unique symbol;

/** In place of the names of a filter that was not given. For the type checker alone. */
export type AnyName = string & { readonly [anyName]: true };

/**
 * The types that one name of a filter stands for. Where that cannot be told, all: a glob may mean
 * an alias, and of an open profile a name that is not in its table.
 */
type TypesCalled<P extends AnyProfile, Name> = Name extends KnownType<P>
  ? Name
  : true extends TypesOf<P>['open']
    ? KnownType<P>
    : [Extract<KnownType<P>, GlobPattern<Name & string>>] extends [never]
      ? KnownType<P>
      : Extract<KnownType<P>, GlobPattern<Name & string>>;

// Category by category: of an index signature, `never` would name everything.
type TypesInCategories<P extends AnyProfile, Category> =
  Category extends CategoryName<P>
    ? Extract<TypesOf<P>['categories'][Category], KnownType<P>>
    : never;

/** The event types that pass a filter which names these categories and types. */
export type Selected<P extends AnyProfile, Category, Type> = string extends KnownType<P>
  ? KnownType<P>
  : [Exclude<Category | Type, AnyName>] extends [never]
    ? KnownType<P>
    : TypesInCategories<P, Exclude<Category, AnyName>> | TypesCalled<P, Exclude<Type, AnyName>>;

type UnknownIfOpen<P extends AnyProfile> = true extends TypesOf<P>['open']
  ? UnknownEvent<P>
  : never;

/** What a handler for `Name`, a type, a glob, `*` or `unknown`, is given. */
export type EventMatching<
  P extends AnyProfile,
  Name extends string,
  Mode extends Parse | undefined,
  Delivered = StreamEvent<P, Mode>,
> = Name extends '*'
  ? Delivered
  : Name extends 'unknown'
    ? UnknownEvent<P>
    : string extends Name | KnownType<P>
      ? StreamEvent<P, Mode>
      : KnownEvent<P, Extract<KnownType<P>, GlobPattern<Name>>, Mode> | UnknownIfOpen<P>;

/** What a handler for a category is given. */
export type EventIn<P extends AnyProfile, Category extends string, Mode extends Parse | undefined> =
  string extends CategoryName<P>
    ? KnownEvent<P, KnownType<P>, Mode>
    : KnownEvent<
        P,
        Extract<TypesOf<P>['categories'][Category & CategoryName<P>], KnownType<P>>,
        Mode
      >;

/** An event as the stream's insides see it. */
export type AnyEvent = EventShape<string, string | null, unknown, unknown>;

/** Every event is made here, so that all are of one shape and engines keep to their fast path. */
export function receivedEvent(
  type: string,
  name: string,
  category: string | null,
  data: unknown,
  meta: unknown,
  id: string | null,
  lastEventId: string,
  replayed: boolean,
  raw: string,
): AnyEvent {
  return { type, name, category, data, meta, id, lastEventId, replayed, raw };
}

/** The payload of an event and its envelope. */
export interface Content {
  readonly data: unknown;
  readonly meta: unknown;
}

/** With `parse: 'lazy'`: the text is parsed when it is first looked at. */
export class LazyEvent implements AnyEvent {
  #content: Content | undefined;
  readonly #parse: (event: LazyEvent) => Content;

  constructor(
    readonly type: string,
    readonly name: string,
    readonly category: string | null,
    parse: (event: LazyEvent) => Content,
    readonly id: string | null,
    readonly lastEventId: string,
    readonly replayed: boolean,
    readonly raw: string,
  ) {
    this.#parse = parse;
  }

  /** @throws DecodeError, each time, if the text is not what it should be. */
  get data(): unknown {
    return (this.#content ??= this.#parse(this)).data;
  }

  /** @throws DecodeError, each time, if the text is not what it should be. */
  get meta(): unknown {
    return (this.#content ??= this.#parse(this)).meta;
  }
}
