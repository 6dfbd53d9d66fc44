/**
 * What a kind of server speaks, as plain data: the same for the built-in
 * profiles and for yours.
 */

/** The data behind a profile. Durations are milliseconds. */
export interface ProfileDefinition {
  /** For messages. */
  readonly name: string;
  /** Where an event's type stands: the `event` field (default), a top-level member of the JSON data, or nowhere. */
  readonly discriminator?: 'event' | 'none' | { readonly field: string } | undefined;
  /** The data is the payload (default), or one member of it is; the other members become `meta`. */
  readonly payload?: 'whole' | { readonly field: string } | undefined;
  /** What the data is written in. Default `json`. */
  readonly format?: 'json' | 'text' | undefined;
  /** Each category with its event types. The order is kept. */
  readonly categories: { readonly [category: string]: readonly string[] };
  /** Other names of event types: alias → type. */
  readonly aliases?: { readonly [alias: string]: string } | undefined;
  /** Types of which losing one breaks the application's state. */
  readonly critical?: readonly string[] | undefined;
  /** Types of which a later one makes up for a lost one. */
  readonly droppable?: readonly string[] | undefined;
  /** Types that the server may send again after a reconnection. */
  readonly replayed?: readonly string[] | undefined;
  /** Types that end the stream. */
  readonly terminal?: readonly string[] | undefined;
  /** Types whose id cannot be a cursor. */
  readonly noCursor?: readonly string[] | undefined;
  /** Types that the server sends only when they are asked for by name. */
  readonly onRequest?: readonly string[] | undefined;
  /** Types that only show that the server lives. */
  readonly heartbeats?: readonly string[] | undefined;
  /** Types whose `identity` member says what they are about, not which event it is: never a repetition. */
  readonly recurring?: readonly string[] | undefined;
  /** Names outside the table are ordinary: filters and handlers may name them. */
  readonly open?: boolean | undefined;
  /** `<prefix>.name` means `name` for each of these. */
  readonly prefixes?: readonly string[] | undefined;
  /** How a filter goes to the server; without it, events are filtered here alone. */
  readonly filter?:
    | {
        readonly by: 'categories' | 'types';
        /** The query parameter. */
        readonly parameter: string;
        /** `?a=x,y`, or `?a=x&a=y`, or the second once the first was answered by an immediate cut. */
        readonly list: 'comma' | 'repeated' | 'comma-then-repeated';
      }
    | undefined;
  /** How a connection goes on where the last one ended: by the `Last-Event-ID` header (default), also by a query parameter, or not at all. */
  readonly cursor?: 'none' | 'header' | { readonly query: string } | undefined;
  /** Where the token goes. Default `bearer`: the `Authorization` header. */
  readonly auth?: 'bearer' | { readonly header: string } | { readonly query: string } | undefined;
  /** What a silent server sends every so many milliseconds. */
  readonly heartbeat?: { readonly comment: number } | { readonly event: number } | undefined;
  /** Data that ends the stream as a whole, `[DONE]` say. */
  readonly end?: string | undefined;
  /** A request runs something and must not be sent twice. The default method is then POST. */
  readonly runsOnce?: boolean | undefined;
  /** Statuses that mean that what was asked for has ended for good. */
  readonly gone?: readonly number[] | undefined;
  /** How an event that comes again is recognised: by its id, by a growing number in its data or else its whole text, by a member of its payload. */
  readonly identity?:
    'none' | 'id' | { readonly sequence: string } | { readonly field: string } | undefined;
  /** What the server sends again after a reconnection. */
  readonly recovery?: 'none' | 'cursor' | 'history' | undefined;
  /** What must be mended in the text before it is JSON. */
  readonly repair?: 'none' | 'line-breaks' | undefined;
  /** The reconnection time until the server names one. */
  readonly retry?: number | undefined;
  /** The cap on the reconnection delay. */
  readonly maxRetry?: number | undefined;
  /** How `stream.text()` reads an answer. */
  readonly text?: TextDefinition | undefined;
}

/** Where the text of an answer stands: type → path in its payload, `choices.0.delta.content` say. */
export interface TextDefinition {
  /** What comes next. */
  readonly append?: { readonly [type: string]: string } | undefined;
  /** The whole answer, in place of what was gathered. */
  readonly replace?: { readonly [type: string]: string } | undefined;
  /** The server's word that there will be no answer, and why; where nothing stands at the path, the type says it. */
  readonly fail?: { readonly [type: string]: string } | undefined;
}

declare const types: unique symbol;

/**
 * What a kind of server speaks, with the types of its events: `Events` maps an
 * event type to its payload, `Categories` a category to its event types.
 */
export interface Profile<
  Events = Record<string, unknown>,
  Meta = undefined,
  Categories = Record<string, keyof Events & string>,
  Open extends boolean = boolean,
> {
  /** What messages call it. */
  readonly name: string;
  /** The data behind it. */
  readonly definition: ProfileDefinition;
  /** For the type checker alone: there is nothing at run time. */
  readonly [types]?: { events: Events; meta: Meta; categories: Categories; open: Open };
}

/** Any profile at all. */
export type AnyProfile = Profile<any, any, any, boolean>;

/** The types that a profile carries. */
export type TypesOf<P extends AnyProfile> = NonNullable<P[typeof types]>;

/** The profile of a definition that is known to be sound: the package's own are printed from tables. */
export function profileOf<
  Events = Record<string, unknown>,
  Meta = undefined,
  Categories = Record<string, keyof Events & string>,
>(definition: ProfileDefinition & { readonly open: true }): Profile<Events, Meta, Categories, true>;
export function profileOf<
  Events = Record<string, unknown>,
  Meta = undefined,
  Categories = Record<string, keyof Events & string>,
>(
  definition: ProfileDefinition & { readonly open?: false | undefined },
): Profile<Events, Meta, Categories, false>;
export function profileOf<
  Events = Record<string, unknown>,
  Meta = undefined,
  Categories = Record<string, keyof Events & string>,
>(definition: ProfileDefinition): Profile<Events, Meta, Categories>;
export function profileOf(definition: ProfileDefinition): AnyProfile {
  return Object.freeze({ name: definition.name, definition });
}

/** An event type and its category, as a filter looks at an event of it. */
export interface TableRow {
  readonly type: string;
  readonly name: string;
  readonly category: string;
}

/** The query parameter that a token or a cursor goes by, if it goes by one. */
export function queryOf(
  place: ProfileDefinition['auth'] | ProfileDefinition['cursor'],
): string | undefined {
  return (place as { readonly query?: string } | undefined)?.query;
}

/** How its payloads are delivered, unless a stream says how. */
export function parseOf({ format }: ProfileDefinition): 'text' | 'eager' {
  return format === 'text' ? 'text' : 'eager';
}

/** The event types of a profile, in the order in which they are counted. */
export function typesOf({ categories }: ProfileDefinition): string[] {
  return Object.values(categories).flat();
}

/** The same, each with its category. */
export function tableOf({ categories }: ProfileDefinition): TableRow[] {
  return Object.entries(categories).flatMap(([category, types]) =>
    types.map((type) => ({ type, name: type, category })),
  );
}

/** What else an event type is called. */
export function aliasesOf({ aliases = {} }: ProfileDefinition, type: string): string[] {
  return Object.keys(aliases).filter((alias) => aliases[alias] === type);
}

/** All that an event type may be called on the wire, and in a filter; its own name first. */
export function spellingsOf(profile: ProfileDefinition, type: string): string[] {
  const names = [type, ...aliasesOf(profile, type)];
  const prefixed = (prefix: string) => names.map((name) => `${prefix}.${name}`);
  return [...names, ...(profile.prefixes ?? []).flatMap(prefixed)];
}
