/** What may be said to `connect`, and the check of it. */

import type { AnyName, CategoryName, Parse, TypeName } from './event.js';
import { checkFilter } from './filter.js';
import type { Pairs } from './request.js';
import { type AnyProfile, type ProfileDefinition, queryOf } from './profile.js';
import { plain } from './profiles/plain.js';
import type { CursorStore } from './store.js';
import type { Validator } from './validator.js';
import { oneOf, refuse, shown, suggestion } from './wording.js';

/** Why a token is asked for. */
export interface TokenRequest {
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** `unauthorized`: the last one was answered with 401. `filter`: the filter is being changed. */
  readonly reason: 'connect' | 'reconnect' | 'unauthorized' | 'filter';
}

/** A token; without one, none is sent. */
export type Token = string | null | undefined;
/** What a query parameter may be; null and undefined leave it out. */
export type QueryValue = string | number | boolean | null | undefined;

/** When and how often to try again. Delays are milliseconds. */
export interface ReconnectOptions {
  /** The delay never goes below it. Default: the profile's reconnection time. */
  readonly minDelay?: number | undefined;
  /** Default: the profile's, 30 s for most. */
  readonly maxDelay?: number | undefined;
  /** By which the delay grows with each failed attempt. */
  readonly factor?: number | undefined;
  /** Whether delays are spread at random, so that clients don't return all at once. Default true. */
  readonly jitter?: boolean | undefined;
  /** Default: no end. */
  readonly maxAttempts?: number | undefined;
  /** Whether to try again after this failure, where it would be tried. Answers at once. */
  readonly when?:
    | ((failure: { readonly attempt: number; readonly status: number | undefined }) => boolean)
    | undefined;
}

/** How much may wait for a slow consumer, and what is done when that is not enough. */
export interface BufferOptions {
  /** Default 1024. */
  readonly events?: number | undefined;
  /** UTF-16 units of the events' text. Default 4 MiB. What is read in one go may come on top: a chunk, or several of 16 KiB together. */
  readonly bytes?: number | undefined;
  /**
   * `pause` stops reading, so that the server has to wait. `drop` sheds the oldest events that the
   * profile calls droppable, and pauses where there are none left; what it calls critical is never
   * shed. `close` ends the stream with the reason `slow-consumer` once more comes than there is
   * room for. Default `pause`; with EventSource, which cannot pause, `close`.
   */
  readonly overflow?: 'pause' | 'drop' | 'close' | undefined;
}

/** A list of these names; where none were told apart, of any that are allowed. */
type NamesOf<Given, Allowed> =
  readonly Given[] | ([Given] extends [AnyName] ? readonly Allowed[] : never);

/** The options of `connect`. Durations are milliseconds. */
export interface ConnectOptions<
  P extends AnyProfile = AnyProfile,
  Mode extends Parse | undefined = Parse | undefined,
  Category extends CategoryName<P> | AnyName = AnyName,
  Type extends TypeName<P> | AnyName = AnyName,
> {
  /** What the server speaks. Default `plain`: any event stream, its data as text. */
  readonly profile?: P | undefined;
  /**
   * Deliver events of these categories, and those of `types`. Left out, both: all. A list that is
   * empty names nothing: `categories: []` alone delivers nothing, here as in `setFilter`.
   *
   * Names that the type checker knows narrow the stream's events to their types.
   */
  readonly categories?: NamesOf<Category, CategoryName<P>> | undefined;
  /** Deliver events of these types; `*` stands for any run of characters, dots included. */
  readonly types?: NamesOf<Type, TypeName<P>> | undefined;
  /** A token, or a function that is asked before every attempt and has 10 s. */
  readonly token?: Token | ((request: TokenRequest) => Token | PromiseLike<Token>);
  /** Default `fetch`. `eventsource` knows no headers, no POST and no status. */
  readonly transport?: 'fetch' | 'eventsource' | undefined;
  /** Default GET, or POST where there is a body or the profile runs something. */
  readonly method?: string | undefined;
  /** Sent with each attempt. A function is asked before every attempt. */
  readonly headers?: HeadersInit | (() => HeadersInit | PromiseLike<HeadersInit>) | undefined;
  /** Added to the URL; a list is repeated, null and undefined are left out. */
  readonly query?:
    URLSearchParams | { readonly [name: string]: QueryValue | readonly QueryValue[] } | undefined;
  /** A plain object or a list is sent as JSON; a stream cannot be sent. */
  readonly body?: BodyInit | object | null | undefined;
  /** As `fetch` has it: `include` sends cookies to another origin too. */
  readonly credentials?: RequestCredentials | undefined;
  /** Where to go on. */
  readonly lastEventId?: string | undefined;
  /** Its abort ends the stream quietly. */
  readonly signal?: AbortSignal | null | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** Until the response's head must be there; 0: for ever. Default 30 s. */
  readonly connectTimeout?: number | undefined;
  /** Without a byte for so long a connection counts as dead; 0: as the profile's heartbeat says. */
  readonly staleAfter?: number | undefined;
  /** What one event may take. Default 16 MiB. */
  readonly maxEventBytes?: number | undefined;
  /** `false`: never. Every method but GET is sent once, whatever happens. */
  readonly reconnect?: ReconnectOptions | false | undefined;
  /** How much may wait for a slow consumer. */
  readonly buffer?: BufferOptions | undefined;
  /** When payloads are parsed: before delivery, when looked at, or not. Default: as the profile says. */
  readonly parse?: Mode | undefined;
  /**
   * The `validator` of 'tidewire/validate': each payload is decoded by the Rust type of its event
   * before it is delivered, and one that does not fit is a `decodeerror` that says where. Default
   * false.
   */
  readonly validate?: Validator | false | undefined;
  /** The `Idempotency-Key` header of a request that is sent once. `true`: a random UUID. */
  readonly idempotencyKey?: string | true | undefined;
  /**
   * Where the last event ID is kept, so that a reload goes on from there: `sessionStore()` or your
   * own. It moves on when an event was consumed: its handlers have finished, or the iterator asked
   * for the next. A `lastEventId` that is given wins.
   */
  readonly store?: CursorStore | undefined;
  /**
   * Streams of one page to the same URL with the same options use one connection. Each keeps its
   * own filter, handlers and buffer; the connection is closed with the last. One whose buffer is full
   * and pauses, pauses them all. Functions count as the same only if they are the same one.
   */
  readonly share?: boolean | undefined;
  /** Close the connection while the page is hidden, and go on when it is shown. Default false. */
  readonly pauseWhenHidden?: boolean | undefined;
}

/** Lists of names, or of one kind alone. */
interface FilterChange {
  readonly categories?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
}

/** Options, without those that are undefined: they count as left out. */
type Given<T> = { readonly [option in keyof T]?: Exclude<T[option], undefined> };

/** Options that were checked, with what was left out. */
export interface Settings {
  readonly profile: ProfileDefinition;
  readonly url: string;
  readonly method: string;
  readonly body: BodyInit | undefined;
  readonly jsonBody: boolean;
  readonly categories: string[];
  readonly types: string[];
  /** Lists of names were given, and all are empty: nothing is delivered. */
  readonly nothing: boolean;
  readonly token?: ConnectOptions['token'];
  readonly headers?: ConnectOptions['headers'];
  readonly transport: 'fetch' | 'eventsource';
  readonly credentials?: RequestCredentials | undefined;
  readonly lastEventId: string;
  /** It was given: what a store says does not count. */
  readonly hasLastEventId: boolean;
  readonly signal?: AbortSignal | null;
  readonly fetch?: typeof fetch | undefined;
  readonly connectTimeout: number;
  readonly staleAfter: number;
  readonly maxEventBytes: number;
  readonly reconnect: Given<ReconnectOptions> | false;
  readonly buffer: {
    readonly events: number;
    readonly bytes: number;
    readonly overflow: 'pause' | 'drop' | 'close';
    /** Whether the transport can. */
    readonly pauses: boolean;
  };
  readonly parse?: Parse | undefined;
  readonly validate?: Validator | false | undefined;
  readonly idempotencyKey: string | undefined;
  readonly store?: CursorStore | undefined;
  readonly share: boolean;
  readonly pauseWhenHidden: boolean;
}

/** @throws TypeError that names the option, what was given and what is allowed. */
export function settings(url: string | URL, given: ConnectOptions | undefined): Settings {
  const all = given ?? {};
  if (!isObject(all)) {
    refuse(`connect: options must be an object, not ${shown(all)}`);
  }
  const options = checked(all, OPTIONS, '');
  const profile = (options.profile ?? plain).definition;
  const { transport = 'fetch', validate, idempotencyKey } = options;
  const isFetched = transport === 'fetch';
  const body = requestBody(options.body);
  const method = (
    options.method ?? (profile.runsOnce || body !== undefined ? 'POST' : 'GET')
  ).toUpperCase();
  const isGet = method === 'GET';
  if (body !== undefined && isGet) {
    refuse("body: a GET has none; use method 'POST'");
  }
  const isSentOnce = !isGet || profile.runsOnce;
  const request = isGet ? `a request to ${profile.name}` : `a ${method}`;
  const { reconnect: policy = isSentOnce ? false : {} } = options;
  const reconnect = policy && checked(policy, RECONNECT, 'reconnect.');
  if (reconnect) {
    if (isSentOnce) {
      refuse(`reconnect: ${request} is sent once. Allowed: false`);
    }
    const { minDelay = 0, maxDelay = Infinity } = reconnect;
    if (minDelay > maxDelay) {
      refuse(`reconnect.minDelay must be at most maxDelay (${maxDelay}), not ${minDelay}`);
    }
  }
  const buffer = {
    events: 1024,
    bytes: 2 ** 22,
    overflow: isFetched ? ('pause' as const) : ('close' as const),
    pauses: isFetched,
    ...checked(options.buffer ?? {}, BUFFER, 'buffer.'),
  };
  const filter = namesOf(options);
  checkFilter(profile, filter);
  checkOverflow(buffer, profile);
  if (idempotencyKey && isGet) {
    refuse('idempotencyKey: a GET needs none');
  }
  if (options.share && isSentOnce) {
    refuse(`share: ${request} is sent once, and has an answer of its own`);
  }
  if (options.store && (isSentOnce || profile.cursor === 'none')) {
    refuse(`store: ${request} cannot be told where to go on`);
  }
  validate && validate.accept(profile, options.parse);
  if (!isFetched) {
    checkEventSource(options, profile, method, buffer.overflow);
  }
  return {
    ...DEFAULTS,
    ...options,
    ...filter,
    profile,
    url: address(url, options.query),
    method,
    body,
    // What was not text is now, where it is sent as JSON.
    jsonBody: is(body, 'string') && !is(options.body, 'string'),
    nothing: namesNothing(options),
    hasLastEventId: options.lastEventId !== undefined,
    transport,
    reconnect,
    buffer,
    idempotencyKey: idempotencyKey === true ? randomUuid() : idempotencyKey,
  };
}

/** What `setFilter` is given. @throws TypeError as `settings` does. */
export function checkedFilter(change: FilterChange | undefined): FilterChange {
  return checked<FilterChange>(change ?? {}, FILTER, 'setFilter.');
}

/** The names, in lists of their own. */
export function namesOf({ categories = [], types = [] }: FilterChange): {
  categories: string[];
  types: string[];
} {
  return { categories: [...categories], types: [...types] };
}

/** Whether lists of names were given, and all are empty. What is left out does not narrow. */
export function namesNothing({ categories, types }: FilterChange): boolean {
  return (categories ?? types) !== undefined && !categories?.length && !types?.length;
}

/** The headers of one attempt. */
export function headersOf(
  { jsonBody, idempotencyKey }: Settings,
  given: HeadersInit | undefined,
): Pairs {
  const all = new Headers(given);
  if (jsonBody && !all.has('content-type')) {
    all.set('content-type', 'application/json');
  }
  if (idempotencyKey) {
    all.set('idempotency-key', idempotencyKey);
  }
  return [...all];
}

/** Of the options that are handed on as they were given. */
const DEFAULTS = {
  lastEventId: '',
  connectTimeout: 30_000,
  staleAfter: 0,
  maxEventBytes: 2 ** 24,
  share: false,
  pauseWhenHidden: false,
};

/** True if the value is allowed; else what is, for a message. */
type Check = (value: unknown) => true | string;
type Checks<T> = { readonly [option in keyof Required<T>]: Check };

const FILTER: Checks<FilterChange> = { categories: names, types: names };

const OPTIONS: Checks<ConnectOptions> = {
  profile: (value) =>
    isObject((value as { definition?: unknown } | null)?.definition) ||
    "a profile of 'tidewire/profiles' or defineProfile",
  ...FILTER,
  token: (value) =>
    value === null || is(value, 'string', 'function') || 'text, null or a function',
  transport: words('fetch', 'eventsource'),
  method: (value) =>
    (is(value, 'string') &&
      /^[!#$%&'*+.^_`|~\w-]+$/.test(value as string) &&
      !/^(connect|head|trace|track)$/i.test(value as string)) ||
    'an HTTP method whose answer has a body',
  headers: (value) => {
    const allowed = 'an object of text, a Headers, or a function that returns one';
    try {
      return (
        is(value, 'function') ||
        (value !== null && Boolean(new Headers(value as HeadersInit))) ||
        allowed
      );
    } catch (error) {
      return `${allowed} (${(error as Error).message})`;
    }
  },
  query: (value) =>
    value instanceof URLSearchParams ||
    (isObject(value) &&
      Object.values(value)
        .flat()
        .every((item) => Object(item) !== item)) ||
    'an object of text, numbers, booleans, and lists of them, or a URLSearchParams',
  body: () => true,
  credentials: words('omit', 'same-origin', 'include'),
  lastEventId: (value) =>
    (is(value, 'string') && !/[\0\r\n]/.test(value as string)) ||
    'text without NUL and line breaks',
  signal: (value) =>
    value === null || is((value as AbortSignal).aborted, 'boolean') || 'an AbortSignal',
  fetch: functionType,
  connectTimeout: milliseconds,
  staleAfter: milliseconds,
  maxEventBytes: wholeUpTo(2 ** 31 - 1),
  reconnect: (value) =>
    value === false || isObject(value) || `false or { ${Object.keys(RECONNECT).join(', ')} }`,
  buffer: (value) => isObject(value) || `{ ${Object.keys(BUFFER).join(', ')} }`,
  parse: words('eager', 'lazy', 'text'),
  validate: (value) =>
    value === false ||
    is((value as Partial<Validator> | null)?.accept, 'function') ||
    "the validator of 'tidewire/validate', or false",
  idempotencyKey: (value) =>
    value === true ||
    (is(value, 'string') && /^[!-~]{1,255}$/.test(value as string)) ||
    'true, or 1 to 255 visible ASCII characters',
  store: (value) =>
    (is((value as Partial<CursorStore> | null)?.get, 'function') &&
      is((value as Partial<CursorStore>).set, 'function')) ||
    'sessionStore(), or an object with functions get and set',
  share: flag,
  pauseWhenHidden: flag,
};

/** The members of `reconnect`. */
export const RECONNECT: Checks<ReconnectOptions> = {
  minDelay: milliseconds,
  maxDelay: milliseconds,
  factor: numberFrom(1),
  jitter: flag,
  maxAttempts: wholeUpTo(Infinity),
  when: functionType,
};

const BUFFER: Checks<BufferOptions> = {
  events: wholeUpTo(Infinity),
  bytes: wholeUpTo(Infinity),
  overflow: words('pause', 'drop', 'close'),
};

/** @throws TypeError for an option that is not known, or not what it may be. */
function checked<T extends object>(given: T, checks: Checks<T>, path: string): Given<T> {
  const known = Object.keys(checks);
  const all: Record<string, unknown> = {};
  for (const option of new Set([...Object.keys(given), ...known])) {
    if (!known.includes(option)) {
      refuse(
        `unknown option '${path}${option}'${suggestion(option, known)}. Allowed: ${known.join(', ')}`,
      );
    }
    const value = given[option as keyof T];
    if (value !== undefined) {
      const allowed = checks[option as keyof T](value);
      if (allowed !== true) {
        refuse(`${path}${option} must be ${allowed}, not ${shown(value)}`);
      }
      all[option] = value;
    }
  }
  return all as Given<T>;
}

function checkOverflow({ overflow, pauses }: Settings['buffer'], profile: ProfileDefinition): void {
  if (
    overflow === 'drop' &&
    !profile.droppable?.some((type) => !profile.critical?.includes(type))
  ) {
    const allowed = pauses ? "'pause', 'close'" : "'close'";
    refuse(`buffer.overflow: ${profile.name} calls no event droppable. Allowed: ${allowed}`);
  }
}

function checkEventSource(
  options: Given<ConnectOptions>,
  profile: ProfileDefinition,
  method: string,
  overflow: string,
): void {
  const refuseIf = (isGiven: unknown, option: string, what: string) => {
    if (isGiven) refuse(`${option}: EventSource cannot ${what}; use transport 'fetch'`);
  };
  const hasNoCursor = !queryOf(profile.cursor);
  const goOn = 'be told where to go on';
  refuseIf(overflow === 'pause', 'buffer.overflow', 'pause');
  refuseIf(options.headers, 'headers', 'send headers');
  refuseIf(options.body != null, 'body', 'send a body');
  refuseIf(method !== 'GET', options.method ? 'method' : 'profile', `send a ${method}`);
  refuseIf(options.fetch, 'fetch', 'use a function');
  refuseIf(options.credentials === 'omit', 'credentials', 'omit them');
  refuseIf(options.token != null && !queryOf(profile.auth), 'token', 'send it in a header');
  refuseIf(hasNoCursor && options.lastEventId, 'lastEventId', goOn);
  refuseIf(hasNoCursor && options.store, 'store', goOn);
}

function requestBody(given: unknown): BodyInit | undefined {
  const isReady =
    given == null ||
    is(given, 'string') ||
    [Blob, ArrayBuffer, FormData, URLSearchParams].some((kind) => given instanceof kind) ||
    ArrayBuffer.isView(given);
  if (isReady) {
    return (given ?? undefined) as BodyInit | undefined;
  }
  const prototype: unknown = isObject(given) ? Object.getPrototypeOf(given) : undefined;
  // A plain object of another realm (a frame, a test's sandbox) has a prototype of its own kind.
  const isPlain =
    prototype === null ||
    (prototype !== undefined && Object.getPrototypeOf(prototype) === null);
  if (!isPlain && !Array.isArray(given)) {
    refuse(
      'body must be a plain object or a list (sent as JSON), text, a Blob, an ArrayBuffer, a FormData ' +
        `or a URLSearchParams, not ${given instanceof ReadableStream ? 'a stream' : shown(given)}`,
    );
  }
  try {
    return JSON.stringify(given);
  } catch (cause) {
    return refuse(`body cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
}

function address(url: string | URL, query: ConnectOptions['query']): string {
  if (!is(url, 'string') && !(url instanceof URL)) {
    refuse(`url must be text or a URL, not ${shown(url)}`);
  }
  const base =
    (globalThis as { document?: Document }).document?.baseURI ?? globalThis.location?.href;
  let absolute: URL;
  try {
    absolute = new URL(url, base);
  } catch (cause) {
    // Without a page there is nothing that it could be relative to.
    const kind = base === undefined ? 'an absolute' : 'a valid';
    return refuse(`url must be ${kind} URL, not ${shown(String(url))}`, { cause });
  }
  const { protocol, searchParams } = absolute;
  if (!/^https?:$/.test(protocol)) {
    refuse(`url must begin with http: or https:, not ${protocol}`);
  }
  const pairs = query instanceof URLSearchParams ? query : Object.entries(query ?? {});
  for (const [name, values] of pairs) {
    for (const value of [values].flat()) {
      if (value != null) {
        searchParams.append(name, String(value));
      }
    }
  }
  return absolute.href;
}

function is(value: unknown, ...types: string[]): boolean {
  return types.includes(typeof value);
}

function isObject(value: unknown): value is object {
  return is(value, 'object') && value !== null && !Array.isArray(value);
}

function names(value: unknown): true | string {
  return (
    (Array.isArray(value) && value.every((name) => is(name, 'string') && name !== '')) ||
    'a list of names'
  );
}

function words(...allowed: string[]): Check {
  return (value) =>
    allowed.includes(value as string) || oneOf(allowed.map((word) => `'${word}'`));
}

function flag(value: unknown): true | string {
  return is(value, 'boolean') || 'true or false';
}

function functionType(value: unknown): true | string {
  return is(value, 'function') || 'a function';
}

function milliseconds(value: unknown): true | string {
  return numberFrom(0, ' of milliseconds')(value);
}

function numberFrom(least: number, unit = ''): Check {
  return (value) =>
    (Number.isFinite(value) && (value as number) >= least) || `a number${unit} from ${least}`;
}

/** From 1. */
function wholeUpTo(most: number): Check {
  return (value) =>
    ((Number.isInteger(value) || value === most) &&
      (value as number) > 0 &&
      (value as number) <= most) ||
    `a whole number from 1 to ${most}`;
}

/** Of version 4, variant 10: the rest is random. Pages that did not come by https have no `crypto.randomUUID`. */
function randomUuid(): string {
  return 'xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx'.replace(/x/g, () => {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    return (byte & 15).toString(16);
  });
}
