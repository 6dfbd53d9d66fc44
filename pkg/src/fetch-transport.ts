/** A request by `fetch`, and the reading of its answer. */

/** What is told of a request. The module may be on the stack. */
export interface Teller {
  /**
   * The head of the answer, and what came of a refusal's body. `how` as the module's `answer` has
   * it. Answers whether it begins an event stream.
   */
  answer(head: Head, body: string, how: number): boolean;
  chunk(bytes: Uint8Array): void;
  message(name: string, lastEventId: string, data: string): void;
  /** Nothing more comes. `how` as the module's `over` has it. */
  over(how: number, why: string): void;
}

export interface Head {
  readonly status: number;
  readonly redirected: boolean;
  /** Content type, `Retry-After`, `Date` and URL. */
  readonly lines: readonly string[];
}

/** One request. */
export interface Transport {
  /** Tells the next chunk, or whatever comes instead. */
  read(): void;
  /** Tells nothing any more. */
  abort(): void;
  /** The same, but the body may end by itself before, for a moment. */
  finish(): void;
  /** Events of this name may come. */
  listen(name: string): void;
}

/** What a stream or a refusal is read by, however a custom `fetch` has made it. */
type Reader = ReadableStreamDefaultReader<unknown>;

/**
 * Bytes of a chunk that are told at a time. Chromium makes chunks of 2 MiB of what gathers while
 * nobody reads; the module's memory, which never shrinks, is not to grow with them.
 */
const SLICE = 256 * 1024;

/** The next slice of the chunk is to be told. */
const REST = 'rest';

/** Bytes of a refusal's body that are kept for the error. */
const BODY_START = 4_096;

/**
 * Milliseconds that the body of a stream which has said all has to end by itself. Servers end it
 * right after their end mark.
 */
const LINGER = 1_000;

export class FetchTransport implements Transport {
  readonly #tell: Teller;
  readonly #controller: AbortController;
  /** Its origin is another one's. */
  readonly #isElsewhere: boolean;
  #reader: Reader | undefined;
  /** What of the last chunk is not told yet. */
  #rest: Uint8Array | undefined;
  /** The head of a refusal, and the start of its body, while it is read. */
  #refusal: { readonly head: Head; readonly body: Uint8Array; length: number } | undefined;
  /** A promise is under way. */
  #pending = true;
  /** What is to come next, if it was asked for. */
  #next: PromiseLike<unknown> | typeof REST | null | undefined;
  #isReading = false;
  #dropped = false;
  /** Nobody wants what comes, but the body may end by itself before this. */
  #lingers: ReturnType<typeof setTimeout> | undefined;

  constructor(
    answer: PromiseLike<unknown>,
    controller: AbortController,
    isElsewhere: boolean,
    tell: Teller,
  ) {
    this.#tell = tell;
    this.#controller = controller;
    this.#isElsewhere = isElsewhere;
    answer.then((response) => {
      this.#pending = false;
      if (!this.#dropped) this.#begin(response);
    }, (error: unknown) => this.#onError(error));
  }

  read(): void {
    if (!this.#pending && !this.#dropped && this.#reader) {
      this.#pending = true;
      // The module may be on the stack, and is not told of a chunk before it is off.
      this.#next = this.#rest === undefined ? readFrom(this.#reader) : REST;
      if (!this.#isReading) void this.#readOn();
    }
  }

  /** As long as it is asked for. Waiting costs less than a `then`, which makes another promise. */
  async #readOn(): Promise<void> {
    this.#isReading = true;
    while (this.#next !== undefined) {
      const next = this.#next;
      this.#next = undefined;
      try {
        const result = await next;
        this.#pending = false;
        if (this.#dropped) return;
        if (next !== REST) this.#take(result);
        else if (!this.#tellSlice()) this.read();
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#isReading = false;
  }

  #onError(error: unknown): void {
    this.#pending = false;
    if (!this.#dropped) this.#fail(error);
  }

  abort(): void {
    clearTimeout(this.#lingers);
    this.#dropped = true;
    this.#rest = undefined;
    this.#controller.abort();
    // A custom fetch may not know of the signal. What the cancelling says is of no interest.
    (async () => this.#reader?.cancel())().catch(() => {});
  }

  finish(): void {
    this.#rest = undefined;
    this.#lingers = setTimeout(() => this.abort(), LINGER);
    this.read();
  }

  listen(): void {}

  #fail(error: unknown): void {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (this.#lingers) {
      clearTimeout(this.#lingers);
    } else if (refusal) {
      // The refusal stands, however much of its body came.
      this.#tell.answer(refusal.head, startOf(refusal), 1);
    } else {
      // As long as there is no answer, another origin may have refused it.
      this.#tell.over(this.#isElsewhere && !this.#reader ? 2 : 1, messageOf(error));
    }
  }

  /** Tells the next bytes of the chunk. Answers whether there were any. */
  #tellSlice(): boolean {
    const rest = this.#rest;
    if (rest) {
      const isMore = rest.length > SLICE;
      this.#rest = isMore ? rest.subarray(SLICE) : undefined;
      this.#tell.chunk(isMore ? rest.subarray(0, SLICE) : rest);
    }
    return Boolean(rest);
  }

  /** Whatever a custom `fetch` gives. */
  #begin(response: unknown): void {
    const head = headOf(response);
    if (!head) {
      this.#fail('fetch gave no response whose status can be read');
      return;
    }
    const body = attempt(() => (response as Response).body);
    const reader = body === null ? undefined : attempt(() => (body as ReadableStream).getReader());
    if (reader) {
      this.#reader = reader;
      if (!this.#tell.answer(head, '', 0)) {
        this.#refusal = { head, body: new Uint8Array(BODY_START), length: 0 };
        this.read();
      }
    } else if (body !== null && this.#tell.answer(head, '', 2)) {
      this.#fail("the response's body cannot be read as a stream");
    } else if (this.#tell.answer(head, '', 1)) {
      this.#tell.over(0, '');
    }
  }

  #take(result: unknown): void {
    const done = Boolean(attempt(() => (result as ReadableStreamReadResult<unknown>).done));
    if (this.#lingers) {
      if (done) clearTimeout(this.#lingers);
      else this.read();
      return;
    }
    const chunk = bytesOf(attempt(() => (result as ReadableStreamReadResult<unknown>).value));
    const refusal = this.#refusal;
    if (refusal) {
      if (chunk) {
        const room = chunk.subarray(0, BODY_START - refusal.length);
        refusal.body.set(room, refusal.length);
        refusal.length += room.length;
      }
      if (done || refusal.length === BODY_START) {
        this.#refusal = undefined;
        this.#tell.answer(refusal.head, startOf(refusal), 1);
      } else {
        this.#tell.answer(refusal.head, startOf(refusal), 0);
        this.read();
      }
    } else if (done) {
      this.#tell.over(0, '');
    } else if (chunk) {
      this.#rest = chunk;
      this.#tellSlice();
    } else {
      this.#fail('the body is not made of bytes');
    }
  }
}

/** The module, which may be on the stack, would break down by what a custom reader throws. */
function readFrom(reader: Reader): PromiseLike<unknown> | null {
  try {
    return reader.read() ?? null;
  } catch (error) {
    return Promise.reject(error);
  }
}

function headOf(response: unknown): Head | undefined {
  const { headers, status, url, redirected } =
    attempt(() => {
      const { headers, status, url, redirected } = response as Response;
      return { headers, status, url, redirected };
    }) ?? {};
  if (typeof status !== 'number' || !(status >= 1)) {
    return undefined;
  }
  const header = (name: string) => line(attempt(() => headers?.get(name)));
  const after = retryAfter(header('retry-after'), header('date'));
  const lines = [header('content-type'), after, line(url)];
  return { status, redirected: Boolean(redirected), lines };
}

/** In seconds, as it may be; or a date against the server's own clock, which may differ from here. */
function retryAfter(value: string, date: string): string {
  const until = () => Math.max(0, Date.parse(value) - Date.parse(date)) / 1_000;
  return /^\d*$/.test(value) ? value : String(until());
}

function line(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll('\n', ' ') : '';
}

/** What it gives, if it does not throw: it may be of anybody's making. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** A chunk of another realm (a frame, a test's sandbox) is no instance of this one's class. */
function bytesOf(chunk: unknown): Uint8Array | undefined {
  return chunk instanceof Uint8Array
    ? chunk
    : ArrayBuffer.isView(chunk)
    ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : undefined;
}

function startOf({ body, length }: { readonly body: Uint8Array; readonly length: number }): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(body.subarray(0, length));
}

export function messageOf(error: unknown): string {
  const message = attempt(() => (error as Error).message);
  return [message, error].find((text) => typeof text === 'string') ?? 'the request failed';
}
