/**
 * The `EventSource` of the HTML standard, on `fetch`: a drop-in for the browser's own, which also
 * takes headers, a method, a body, and a `fetch`.
 *
 * It shares its WebAssembly module with `tidewire`. What a script cannot do as the browser does is
 * listed in docs/eventsource.md.
 */

import { Feed } from './eventsource/feed.js';
import { HandlerAttribute } from './eventsource/attribute.js';
import type { RequestOptions } from './eventsource/request.js';

/** The standard's dictionary, and what `fetch` adds to it. */
export interface EventSourceInit {
  /** Whether cookies go to other origins. */
  withCredentials?: boolean | undefined;
  /** In place of the global one. */
  fetch?: typeof fetch | undefined;
  /** Sent along with each request. A function is asked before each. Most are preflighted elsewhere. */
  headers?: HeadersInit | (() => HeadersInit | PromiseLike<HeadersInit>) | undefined;
  /** Default: POST if there is a body, else GET. Only a GET is sent again after the stream broke. */
  method?: string | undefined;
  /** The body of a request that has one. */
  body?: BodyInit | undefined;
}

/** The events that are not the server's to name. */
export interface EventSourceEventMap {
  /** The connection is open. */
  open: Event;
  /** An event that the server gave no name. */
  message: MessageEvent;
  /** The connection is lost: `readyState` says whether it is opened again. */
  error: Event;
}

/** `this` is the browser's class, so that ours stands wherever that one is asked for. */
type Handler<E> = ((this: globalThis.EventSource, event: E) => unknown) | null;

type MessageClass = new (type: string, init?: MessageEventInit) => MessageEvent;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

// Methods of a class cannot be overloaded without being written: these are EventTarget's.
export interface EventSource {
  /** Listens to events of a name that the server gave, or to `open`, `message`, `error`. */
  addEventListener<K extends keyof EventSourceEventMap>(
    type: K,
    listener: (this: EventSource, event: EventSourceEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: (this: EventSource, event: MessageEvent) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Takes a listener away. */
  removeEventListener<K extends keyof EventSourceEventMap>(
    type: K,
    listener: (this: EventSource, event: EventSourceEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: (this: EventSource, event: MessageEvent) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/**
 * A stream of events, kept open.
 *
 * ```ts
 * const source = new EventSource('/events', { headers: { Authorization: `Bearer ${token}` } });
 * source.onmessage = ({ data }) => show(data);
 * source.addEventListener('price', ({ data }) => update(JSON.parse(data)));
 * ```
 */
export class EventSource extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSED: 2;
  /** The connection is not open yet, or was lost and is opened again. */
  declare readonly CONNECTING: 0;
  /** Events are dispatched as they come. */
  declare readonly OPEN: 1;
  /** It will not be opened again. */
  declare readonly CLOSED: 2;

  readonly #url: string;
  readonly #withCredentials: boolean;
  #readyState: 0 | 1 | 2 = CONNECTING;
  readonly #feed: Feed;
  readonly #onopen = this.#attribute('open');
  readonly #onmessage = this.#attribute('message');
  readonly #onerror = this.#attribute('error');

  static {
    const constants = { CONNECTING, OPEN, CLOSED };
    for (const [name, value] of Object.entries(constants)) {
      Object.defineProperty(this, name, { value, enumerable: true });
      Object.defineProperty(this.prototype, name, { value, enumerable: true });
    }
    // A class hides what an interface shows.
    const members = ['url', 'withCredentials', 'readyState', 'onopen', 'onmessage', 'onerror'];
    for (const name of [...members, 'close']) {
      Object.defineProperty(this.prototype, name, { enumerable: true });
    }
    Object.defineProperty(this.prototype, Symbol.toStringTag, {
      value: 'EventSource',
      configurable: true,
    });
  }

  /**
   * @throws DOMException `SyntaxError` if the URL is none.
   * @throws TypeError for headers, a method or a body that no request can have.
   */
  constructor(url: string | URL, eventSourceInitDict: EventSourceInit = {}) {
    if (arguments.length === 0) {
      throw new TypeError("Failed to construct 'EventSource': it takes a URL, and was given nothing");
    }
    super();
    // As the standard converts it: a symbol throws.
    const request = requestOptions(`${url as string}`, eventSourceInitDict);
    this.#url = request.url;
    this.#withCredentials = request.withCredentials;
    let Message: MessageClass = MessageEvent;
    this.#feed = new Feed(request, {
      announce: (origin) => {
        Message = messagesOf(origin);
        this.#readyState = OPEN;
        super.dispatchEvent(new Event('open'));
      },
      dispatch: (type, data, lastEventId) => {
        super.dispatchEvent(new Message(type, { data, lastEventId }));
      },
      reestablish: () => {
        this.#readyState = CONNECTING;
        super.dispatchEvent(new Event('error'));
      },
      fail: () => {
        this.#readyState = CLOSED;
        super.dispatchEvent(new Event('error'));
      },
    });
  }

  /** Where to, resolved. */
  get url(): string {
    return this.#url;
  }

  /** Whether cookies go to other origins. */
  get withCredentials(): boolean {
    return this.#withCredentials;
  }

  /** `CONNECTING`, `OPEN` or `CLOSED`. */
  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  /** Called when the connection is open, each time. */
  get onopen(): Handler<Event> {
    return this.#onopen.value as Handler<Event>;
  }

  set onopen(handler: Handler<Event>) {
    this.#onopen.value = handler;
  }

  /** Called with each event that the server gave no name. */
  get onmessage(): Handler<MessageEvent> {
    return this.#onmessage.value as Handler<MessageEvent>;
  }

  set onmessage(handler: Handler<MessageEvent>) {
    this.#onmessage.value = handler;
  }

  /** Called when the connection is lost: `readyState` says whether it is opened again. */
  get onerror(): Handler<Event> {
    return this.#onerror.value as Handler<Event>;
  }

  set onerror(handler: Handler<Event>) {
    this.#onerror.value = handler;
  }

  /** Ends it. No event is dispatched any more, not even one that has come. */
  close(): void {
    this.#readyState = CLOSED;
    this.#feed.close();
  }

  #attribute(type: string): HandlerAttribute {
    return new HandlerAttribute(
      (listener) => super.addEventListener(type, listener),
      (listener) => super.removeEventListener(type, listener),
    );
  }
}

/**
 * The messages of one origin. Chromium parses the origin of each event that it is given one for,
 * which takes as long as all the rest of the event: so it is not given one.
 */
function messagesOf(origin: string): MessageClass {
  class Message extends (MessageEvent as MessageClass) {}
  Object.defineProperty(Message.prototype, 'origin', { get: () => origin, enumerable: true });
  // Who asks an event for its class is told the one that it knows.
  Reflect.deleteProperty(Message.prototype, 'constructor');
  return Message;
}

function requestOptions(url: string, init: EventSourceInit | null): RequestOptions {
  if (typeof init !== 'object' && typeof init !== 'function' && init !== undefined) {
    throw new TypeError("Failed to construct 'EventSource': its options are no object");
  }
  const { withCredentials, fetch, headers, body, method } = init ?? {};
  const verb = (method ?? (body === undefined ? 'GET' : 'POST')).toUpperCase();
  if (body !== undefined && (verb === 'GET' || verb === 'HEAD')) {
    throw new TypeError(`Failed to construct 'EventSource': a ${verb} has no body`);
  }
  return {
    url: resolved(url),
    withCredentials: Boolean(withCredentials),
    fetch,
    // What cannot be sent is said now.
    headers: typeof headers === 'function' ? headers : new Headers(headers),
    method: verb,
    body,
  };
}

/** "Encoding-parsing a URL", relative to the document or the worker. */
function resolved(url: string): string {
  const page = typeof document === 'object' ? document : undefined;
  const base = page?.baseURI ?? (typeof location === 'object' ? location.href : undefined);
  try {
    const { href } = new URL(url, base);
    if (page === undefined || page.characterSet === 'UTF-8') {
      return href;
    }
    // A document that is not UTF-8 writes a query in its own encoding.
    const link = page.createElement('a');
    link.href = url;
    return link.href;
  } catch {
    throw new DOMException(
      `Failed to construct 'EventSource': '${url}' is no URL`,
      'SyntaxError',
    );
  }
}
