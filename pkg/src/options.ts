/** What may be said to `connect`, and the check of it. */

import type { AnyName, CategoryName, Parse, TypeName } from './event.js';
import { checkFilter } from './filter.js';
import type { AnyProfile, ProfileDefinition } from './profile.js';
import { plain } from './profiles/plain.js';
import type { CursorStore } from './store.js';
import type { Validator } from './validator.js';
import { oneOf, shown, suggestion } from './wording.js';

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
  /** UTF-16 units of the events' text. Default 4 MiB. One chunk more may come. */
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
  readonly token: ConnectOptions['token'];
  readonly headers: ConnectOptions['headers'];
  readonly transport: 'fetch' | 'eventsource';
  readonly credentials: RequestCredentials | undefined;
  readonly lastEventId: string;
  /** It was given: what a store says does not count. */
  readonly hasLastEventId: boolean;
  readonly signal: AbortSignal | undefined;
  readonly fetch: typeof fetch | undefined;
  readonly connectTimeout: number;
  readonly staleAfter: number;
  readonly maxEventBytes: number;
  readonly reconnect: ReconnectOptions | false;
  readonly buffer: {
    readonly events: number;
    readonly bytes: number;
    readonly overflow: 'pause' | 'drop' | 'close';
    /** Whether the transport can. */
    readonly pauses: boolean;
  };
  readonly parse: Parse | undefined;
  readonly validator: Validator | undefined;
  readonly idempotencyKey: string | undefined;
  readonly store: CursorStore | undefined;
  readonly share: boolean;
  readonly pauseWhenHidden: boolean;
}

/** @throws TypeError that names the option, what was given and what is allowed. */
export function settings(url: string | URL, given: ConnectOptions | undefined): Settings {
  const options = given ?? {};
  if (!isObject(options)) {
    throw new TypeError(`connect: options must be an object, not ${shown(options)}`);
  }
  checkEach(options, OPTIONS, '');
  const profile = (options.profile ?? plain).definition;
  const transport = options.transport ?? 'fetch';
  const { body, json } = requestBody(options.body);
  const method = (
    options.method ?? (profile.runsOnce || body !== undefined ? 'POST' : 'GET')
  ).toUpperCase();
  if (body !== undefined && method === 'GET') {
    throw new TypeError("body: a GET has none; leave out 'method', or make it 'POST'");
  }
  const reconnect = options.reconnect ?? (method === 'GET' && !profile.runsOnce ? {} : false);
  if (reconnect !== false && profile.runsOnce) {
    throw new TypeError(
      `reconnect: a request to ${profile.name} runs something, so it is sent once. Allowed: false`,
    );
  }
  if (reconnect !== false && method !== 'GET') {
    throw new TypeError(`reconnect: a ${method} is sent once. Allowed: false`);
  }
  checkOrder(reconnect);
  const filter = {
    categories: [...(options.categories ?? [])],
    types: [...(options.types ?? [])],
  };
  checkFilter(profile, filter);
  checkOverflow(options.buffer?.overflow, profile, transport);
  checkRepetition(options, profile, method);
  options.validate && options.validate.accept(profile, options.parse);
  if (transport === 'eventsource') {
    checkEventSource(options, profile, method);
  }
  return {
    profile,
    url: address(url, options.query),
    method,
    body,
    jsonBody: json,
    ...filter,
    nothing: namesNothing(options),
    token: options.token,
    headers: options.headers,
    transport,
    credentials: options.credentials,
    lastEventId: options.lastEventId ?? '',
    hasLastEventId: options.lastEventId !== undefined,
    signal: options.signal ?? undefined,
    fetch: options.fetch,
    connectTimeout: options.connectTimeout ?? 30_000,
    staleAfter: options.staleAfter ?? 0,
    maxEventBytes: options.maxEventBytes ?? 16 * 1024 * 1024,
    reconnect,
    buffer: {
      events: options.buffer?.events ?? 1024,
      bytes: options.buffer?.bytes ?? 4 * 1024 * 1024,
      overflow: options.buffer?.overflow ?? (transport === 'fetch' ? 'pause' : 'close'),
      pauses: transport === 'fetch',
    },
    parse: options.parse,
    validator: options.validate || undefined,
    idempotencyKey: options.idempotencyKey === true ? randomUuid() : options.idempotencyKey,
    store: options.store,
    share: options.share ?? false,
    pauseWhenHidden: options.pauseWhenHidden ?? false,
  };
}

/** Whether lists of names were given, and all are empty. What is left out does not narrow. */
export function namesNothing(given: {
  readonly categories?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
}): boolean {
  const lists = [given.categories, given.types].filter((list) => list !== undefined);
  return lists.length > 0 && lists.every((list) => list.length === 0);
}

/** The headers of one attempt, flat: name, value, name, value… */
export function flatHeaders(
  { jsonBody, idempotencyKey }: Settings,
  given: HeadersInit | undefined,
): string[] {
  const all = new Headers(given);
  if (jsonBody && !all.has('content-type')) {
    all.set('content-type', 'application/json');
  }
  if (idempotencyKey !== undefined) {
    all.set('idempotency-key', idempotencyKey);
  }
  return [...all].flat();
}

/** What is allowed, for a message; undefined if the value is. */
type Check = (value: unknown) => string | undefined;
type Checks<T> = { readonly [option in keyof Required<T>]: Check };

const OPTIONS: Checks<ConnectOptions> = {
  profile: (value) =>
    isObject(value) && isObject((value as { definition?: unknown }).definition)
      ? undefined
      : "a profile of 'tidewire/profiles', or one made by defineProfile",
  categories: names,
  types: names,
  token: (value) =>
    value === null || ['string', 'function'].includes(typeof value)
      ? undefined
      : 'a string, null or a function',
  transport: words('fetch', 'eventsource'),
  method: (value) =>
    typeof value === 'string' &&
    /^[!#$%&'*+.^_`|~\w-]+$/.test(value) &&
    !/^(connect|head|trace|track)$/i.test(value)
      ? undefined
      : 'an HTTP method whose answer has a body',
  headers: (value) => {
    if (typeof value === 'function') {
      return undefined;
    }
    try {
      new Headers(value as HeadersInit);
      return isObject(value) || Array.isArray(value) ? undefined : HEADERS;
    } catch (error) {
      return `${HEADERS} (${(error as Error).message})`;
    }
  },
  query: (value) =>
    value instanceof URLSearchParams ||
    (isObject(value) && Object.values(value).flat().every(isQueryValue))
      ? undefined
      : 'a URLSearchParams, or an object of text, numbers, booleans, and lists of them',
  body: () => undefined,
  credentials: words('omit', 'same-origin', 'include'),
  lastEventId: (value) =>
    typeof value === 'string' && !/[\0\r\n]/.test(value)
      ? undefined
      : 'text without NUL and line breaks',
  signal: (value) =>
    value === null || (isObject(value) && typeof (value as AbortSignal).aborted === 'boolean')
      ? undefined
      : 'an AbortSignal',
  fetch: functionType,
  connectTimeout: milliseconds,
  staleAfter: milliseconds,
  maxEventBytes: (value) =>
    Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0x7fff_ffff
      ? undefined
      : 'a whole number of bytes from 1 to 2147483647',
  reconnect: (value) => {
    if (isObject(value)) {
      checkEach(value, RECONNECT, 'reconnect.');
      return undefined;
    }
    return value === false ? undefined : `false or { ${Object.keys(RECONNECT).join(', ')} }`;
  },
  buffer: (value) => {
    if (isObject(value)) {
      checkEach(value, BUFFER, 'buffer.');
      return undefined;
    }
    return `{ ${Object.keys(BUFFER).join(', ')} }`;
  },
  parse: words('eager', 'lazy', 'text'),
  validate: (value) =>
    value === false ||
    (isObject(value) && typeof (value as Partial<Validator>).accept === 'function')
      ? undefined
      : "the validator that \"import { validator } from 'tidewire/validate'\" gives, or false",
  idempotencyKey: (value) =>
    value === true || (typeof value === 'string' && /^[!-~]{1,255}$/.test(value))
      ? undefined
      : 'true, or 1 to 255 visible ASCII characters',
  store: (value) =>
    isObject(value) &&
    typeof (value as Partial<CursorStore>).get === 'function' &&
    typeof (value as Partial<CursorStore>).set === 'function'
      ? undefined
      : 'sessionStore(), or an object with the functions get and set',
  share: flag,
  pauseWhenHidden: flag,
};

const RECONNECT: Checks<ReconnectOptions> = {
  minDelay: milliseconds,
  maxDelay: milliseconds,
  factor: (value) =>
    typeof value === 'number' && value >= 1 && value < Infinity ? undefined : 'a number from 1',
  jitter: flag,
  maxAttempts: (value) =>
    value === Infinity || (Number.isInteger(value) && (value as number) > 0)
      ? undefined
      : 'a whole number from 1, or Infinity',
  when: functionType,
};

const BUFFER: Checks<BufferOptions> = {
  events: positive,
  bytes: positive,
  overflow: words('pause', 'drop', 'close'),
};

const HEADERS = 'an object of names and values, a Headers, or a function that returns one';

function checkEach(
  given: object,
  checks: { readonly [option: string]: Check },
  path: string,
): void {
  const known = Object.keys(checks);
  for (const [option, value] of Object.entries(given)) {
    if (!known.includes(option)) {
      throw new TypeError(
        `unknown option '${path}${option}'${suggestion(option, known)}. Allowed: ${known.join(', ')}`,
      );
    }
    const allowed = value === undefined ? undefined : checks[option]?.(value);
    if (allowed !== undefined) {
      throw new TypeError(`${path}${option} must be ${allowed}, not ${shown(value)}`);
    }
  }
}

function checkOrder(reconnect: ReconnectOptions | false): void {
  if (reconnect === false) {
    return;
  }
  const { minDelay, maxDelay } = reconnect;
  if (minDelay !== undefined && maxDelay !== undefined && minDelay > maxDelay) {
    throw new TypeError(
      `reconnect.minDelay must be at most maxDelay (${maxDelay}), not ${minDelay}`,
    );
  }
}

function checkOverflow(
  overflow: BufferOptions['overflow'],
  profile: ProfileDefinition,
  transport: 'fetch' | 'eventsource',
): void {
  if (overflow === 'pause' && transport === 'eventsource') {
    throw new TypeError(
      "buffer.overflow: EventSource cannot pause; use transport 'fetch'. Allowed: 'drop', 'close'",
    );
  }
  const droppable = profile.droppable?.some((type) => !profile.critical?.includes(type));
  if (overflow === 'drop' && droppable !== true) {
    throw new TypeError(
      `buffer.overflow: ${profile.name} calls no event droppable. Allowed: ` +
        (transport === 'fetch' ? "'pause', 'close'" : "'close'"),
    );
  }
}

/** What only makes sense for requests that are sent once, and what only for others. */
function checkRepetition(
  options: ConnectOptions,
  profile: ProfileDefinition,
  method: string,
): void {
  if (options.idempotencyKey !== undefined && method === 'GET') {
    throw new TypeError('idempotencyKey: a GET may be repeated anyway, and needs none');
  }
  const sentOnce = method !== 'GET' || profile.runsOnce === true;
  if (options.share === true && sentOnce) {
    throw new TypeError('share: a request that is sent once has an answer of its own');
  }
  if (options.store !== undefined && (sentOnce || profile.cursor === 'none')) {
    const who = profile.cursor === 'none' ? profile.name : `a ${method}`;
    throw new TypeError(`store: ${who} cannot be told where to go on`);
  }
}

function checkEventSource(
  options: ConnectOptions,
  profile: ProfileDefinition,
  method: string,
): void {
  const refuse = (option: string, why: string) => {
    throw new TypeError(`${option}: EventSource ${why}; use transport 'fetch'`);
  };
  if (options.headers !== undefined) refuse('headers', 'cannot send headers');
  if (options.body !== undefined && options.body !== null) refuse('body', 'cannot send a body');
  if (method !== 'GET') {
    refuse(options.method === undefined ? 'profile' : 'method', `cannot send a ${method}`);
  }
  if (options.fetch !== undefined) refuse('fetch', 'does not fetch by a function');
  if (options.credentials === 'omit') refuse('credentials', 'always sends them to its own origin');
  if (options.token !== undefined && options.token !== null && !isQuery(profile.auth)) {
    refuse('token', `cannot send a token in a header, as ${profile.name} wants it`);
  }
  if (!isQuery(profile.cursor)) {
    if (options.lastEventId) refuse('lastEventId', 'cannot be told where to go on');
    if (options.store !== undefined) refuse('store', 'cannot be told where to go on');
  }
}

function isQuery(place: ProfileDefinition['auth'] | ProfileDefinition['cursor']): boolean {
  return typeof place === 'object' && 'query' in place;
}

function requestBody(given: unknown): { body: BodyInit | undefined; json: boolean } {
  if (given === undefined || given === null) {
    return { body: undefined, json: false };
  }
  const ready =
    typeof given === 'string' ||
    given instanceof Blob ||
    given instanceof ArrayBuffer ||
    ArrayBuffer.isView(given) ||
    given instanceof FormData ||
    given instanceof URLSearchParams;
  if (ready) {
    return { body: given as BodyInit, json: false };
  }
  const prototype: unknown = isObject(given) ? Object.getPrototypeOf(given) : undefined;
  // A plain object of another realm (a frame, a test's sandbox) has a prototype of its own kind.
  const isPlain =
    prototype === null ||
    (prototype !== undefined && Object.getPrototypeOf(prototype as object) === null);
  if (!isPlain && !Array.isArray(given)) {
    throw new TypeError(
      'body must be text, a plain object or a list (sent as JSON), a Blob, an ArrayBuffer, a FormData ' +
        `or a URLSearchParams, not ${given instanceof ReadableStream ? 'a stream' : shown(given)}`,
    );
  }
  try {
    return { body: JSON.stringify(given), json: true };
  } catch (cause) {
    throw new TypeError(`body cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
}

function address(url: string | URL, query: ConnectOptions['query']): string {
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw new TypeError(`url must be text or a URL, not ${shown(url)}`);
  }
  const base =
    (globalThis as { document?: Document }).document?.baseURI ?? globalThis.location?.href;
  let absolute: URL;
  try {
    absolute = new URL(url, base);
  } catch (cause) {
    const hint = base === undefined ? ': there is no page here that it could be relative to' : '';
    throw new TypeError(`url must be a valid URL, not ${shown(String(url))}${hint}`, { cause });
  }
  if (absolute.protocol !== 'http:' && absolute.protocol !== 'https:') {
    throw new TypeError(`url must begin with http: or https:, not ${absolute.protocol}`);
  }
  if (query instanceof URLSearchParams) {
    query.forEach((value, name) => absolute.searchParams.append(name, value));
  } else {
    for (const [name, values] of Object.entries(query ?? {})) {
      for (const value of [values].flat()) {
        if (value !== null && value !== undefined) {
          absolute.searchParams.append(name, String(value));
        }
      }
    }
  }
  return absolute.href;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isQueryValue(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value);
}

function names(value: unknown): string | undefined {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')
    ? undefined
    : 'a list of names';
}

function words(...allowed: string[]): Check {
  return (value) =>
    allowed.includes(value as string) ? undefined : oneOf(allowed.map((word) => `'${word}'`));
}

function flag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'true or false';
}

function functionType(value: unknown): string | undefined {
  return typeof value === 'function' ? undefined : 'a function';
}

function milliseconds(value: unknown): string | undefined {
  return Number.isFinite(value) && (value as number) >= 0
    ? undefined
    : 'a number of milliseconds, 0 or more';
}

function positive(value: unknown): string | undefined {
  return value === Infinity || (Number.isInteger(value) && (value as number) > 0)
    ? undefined
    : 'a whole number from 1, or Infinity';
}

/** Of version 4. Pages that did not come by https have no `crypto.randomUUID`. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => {
    const set = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return set.toString(16).padStart(2, '0');
  }).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
