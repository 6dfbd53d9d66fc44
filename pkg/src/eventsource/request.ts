/** The requests of an `EventSource`, and which answers are event streams. */

import { essence } from './mime-type.js';

/** What of an `EventSource`'s options concerns its requests. */
export interface RequestOptions {
  readonly url: string;
  readonly withCredentials: boolean;
  readonly fetch: typeof fetch | undefined;
  readonly headers: HeadersInit | (() => HeadersInit | PromiseLike<HeadersInit>) | undefined;
  readonly method: string;
  readonly body: BodyInit | undefined;
}

/** One attempt to connect. */
export interface Attempt {
  /** Where the one before was redirected to, or else the URL. */
  readonly url: string;
  readonly lastEventId: string | null;
  /** If it fails, it is found out whether the network failed. */
  readonly isProbed: boolean;
}

/** Why trying again would not help: the standard's "fail the connection". */
export class Futile extends Error {
  override readonly name = 'Futile';
}

/** The head of an event stream. */
export interface EventStream {
  readonly status: 200;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
  readonly url: string;
  readonly redirected: boolean;
}

/** Milliseconds after which a server that was refused or lost counts as lost. */
const PROBE_TIMEOUT = 5_000;

/** Schemes that a script can fetch. */
const SCHEMES = ['http:', 'https:', 'data:', 'blob:'];

/**
 * Sends the request.
 *
 * @throws Futile if the answer is no event stream; anything else is a network error.
 */
export async function openEventStream(
  options: RequestOptions,
  { url, lastEventId, isProbed }: Attempt,
  signal: AbortSignal,
): Promise<EventStream> {
  if (options.fetch === undefined && !SCHEMES.includes(new URL(url).protocol)) {
    throw new Futile('');
  }
  const { headers } = options;
  const all = new Headers(typeof headers === 'function' ? await headers() : headers);
  if (!all.has('accept')) {
    all.set('accept', 'text/event-stream');
  }
  if (lastEventId !== null) {
    all.set('last-event-id', lastEventId);
  }
  const send = () =>
    (options.fetch ?? fetch)(url, {
      method: options.method,
      headers: all,
      body: options.body ?? null,
      credentials: options.withCredentials ? 'include' : 'same-origin',
      // Says no-cache to the server, too; as a header of ours it would be preflighted elsewhere.
      cache: 'no-store',
      signal,
    });
  signal.throwIfAborted();
  try {
    return eventStream(await send());
  } catch (error) {
    if (error instanceof Futile || signal.aborted) {
      throw error;
    }
    if (isAbort(error)) {
      // By somebody else, `window.stop()` say: "if res is an aborted network error, fail".
      throw new Futile('');
    }
    if (!isProbed || !(await isReachable(options, url, signal))) {
      throw error;
    }
    // The network may have been back by then: only who fails again is refused.
    const response = await send().catch((again: unknown) => {
      signal.throwIfAborted();
      const what = lastEventId === null ? 'the page' : 'the page, and the header Last-Event-ID';
      const why = again instanceof Error ? again.message : String(again);
      throw new Futile(`${url} answers, but cannot be read (${why}): does its CORS allow ${what}?`);
    });
    return eventStream(response);
  }
}

/** Whether a request that failed was given up by the browser or the page. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

function eventStream(response: Response): EventStream {
  const contentType = response.headers.get('content-type') ?? '';
  const isStream = essence(contentType) === 'text/event-stream';
  if (response.status !== 200 || !isStream) {
    // Its status is in the browser's own log, if it is an error.
    const why = `the response has the type '${contentType}', not text/event-stream`;
    throw new Futile(response.status === 200 ? why : '');
  }
  return {
    status: 200,
    headers: { get: (name) => (name === 'content-type' ? 'text/event-stream' : null) },
    body: response.body,
    url: response.url,
    redirected: response.redirected,
  };
}

/**
 * Whether a server of another origin answers at all. No script is told why a request failed; but
 * one whose answer nobody may read is not refused by CORS, only by the network.
 */
async function isReachable(
  options: RequestOptions,
  url: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { method, withCredentials } = options;
  const isOurs = options.fetch === undefined && method === 'GET' && typeof location === 'object';
  if (!isOurs || new URL(url).origin === location.origin) {
    return false;
  }
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  const timer = setTimeout(giveUp, PROBE_TIMEOUT);
  try {
    await fetch(url, {
      mode: 'no-cors',
      credentials: withCredentials ? 'include' : 'same-origin',
      cache: 'no-store',
      signal: controller.signal,
    });
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    // Its body is of no interest.
    giveUp();
  }
}
