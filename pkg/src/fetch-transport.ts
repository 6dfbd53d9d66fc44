/** A request by `fetch`, and the reading of its answer. */

/** What is told of a request. The module may be on the stack. */
export interface Teller {
  /**
   * The head of the answer, and what came of a refusal's body. `how` as the module's `answer` has
   * it. Answers whether it begins an event stream.
   */
  answer(head: Head, body: string, how: number): boolean;
  /** For how many events there is room. */
  room(): number;
  /** Bytes of the stream: one after the other, they are told as one chunk. */
  chunk(parts: readonly Uint8Array[]): void;
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

/**
 * Bytes, and chunks, that are worth telling: no more are gathered with them. The network is to gather
 * by itself what comes while its last chunk is worked at.
 */
const ENOUGH = 16 * 1024;
const MANY = 32;

/**
 * Turns of the microtask queue without a chunk, after which none is waited for any more. A stream
 * that a script makes brings the next one within three, one behind a transform within six, and the
 * network never so soon.
 */
const PATIENCE = 8;

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
  /** What has come and is not told yet, and how many bytes that is. */
  #waiting: Uint8Array[] = [];
  #size = 0;
  /** Chunks that came. */
  #count = 0;
  /** What comes after all that waits: null, or an error. */
  #end: { readonly error: unknown } | null | undefined;
  /** The head of a refusal, and the start of its body, while it is read. */
  #refusal: { readonly head: Head; readonly body: Uint8Array; length: number } | undefined;
  /** The module wants what comes next. */
  #isWanted = false;
  #isGathering = false;
  #isTelling = false;
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
    answer.then(
      (response) => {
        if (!this.#dropped) this.#begin(response);
      },
      (error: unknown) => {
        if (!this.#dropped) this.#fail(error);
      },
    );
  }

  read(): void {
    if (this.#dropped || !this.#reader) return;
    this.#isWanted = true;
    this.#tellSoon();
    if (!this.#isGathering) void this.#gather(this.#reader);
  }

  /**
   * Reads, without a wait for what was read before to be told: chunks that come in one go are told
   * together. Waiting costs less than a `then`, which makes another promise.
   */
  async #gather(reader: Reader): Promise<void> {
    this.#isGathering = true;
    while (this.#isWanted && this.#mayGather()) {
      try {
        const result = await readFrom(reader);
        if (this.#dropped) return;
        // Behind a chunk that could not be told nothing is.
        if (this.#end === undefined) this.#take(result);
      } catch (error) {
        this.#end ??= { error };
      }
      this.#tellSoon();
    }
    this.#isGathering = false;
  }

  #mayGather(): boolean {
    const { length } = this.#waiting;
    // Each may bring some events.
    const most = Math.min(this.#tell.room() / 4, MANY);
    return length < Math.max(most, 1) && this.#size < ENOUGH && this.#end === undefined;
  }

  #tellSoon(): void {
    if (!this.#isTelling && this.#isThere()) void this.#tellOn();
  }

  /** Tells what is there as soon as no more comes at once, for as long as it is asked for. */
  async #tellOn(): Promise<void> {
    this.#isTelling = true;
    while (this.#isWanted && this.#isThere()) {
      let patience = PATIENCE;
      do {
        const count = this.#count;
        // The module may be on the stack, and is not told of anything before it is off.
        await undefined;
        patience = count === this.#count ? patience - 1 : PATIENCE;
      } while (patience > 0 && this.#mayGather());
      if (this.#dropped) return;
      // It may have been dropped meanwhile.
      if (!this.#isThere()) continue;
      this.#isWanted = false;
      try {
        this.#tellWaiting();
      } catch (error) {
        this.#drop();
        this.#end = { error };
        this.#isWanted = true;
      }
    }
    this.#isTelling = false;
  }

  #isThere(): boolean {
    return this.#waiting.length > 0 || this.#end !== undefined;
  }

  #tellWaiting(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      const end = this.#end;
      if (this.#lingers) clearTimeout(this.#lingers);
      else if (end) this.#fail(end.error);
      else this.#tell.over(0, '');
    } else if (first.length > SLICE) {
      this.#waiting[0] = first.subarray(SLICE);
      this.#size -= SLICE;
      this.#tell.chunk([first.subarray(0, SLICE)]);
    } else {
      const parts = this.#waiting.splice(0, this.#size > SLICE ? 1 : Infinity);
      this.#size = this.#waiting.reduce((size, chunk) => size + chunk.length, 0);
      this.#tell.chunk(parts);
    }
  }

  #drop(): void {
    this.#waiting = [];
    this.#size = 0;
  }

  abort(): void {
    clearTimeout(this.#lingers);
    this.#dropped = true;
    this.#drop();
    this.#controller.abort();
    // A custom fetch may not know of the signal. What the cancelling says is of no interest.
    (async () => this.#reader?.cancel())().catch(() => {});
  }

  finish(): void {
    this.#drop();
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
    const chunk = bytesOf(attempt(() => (result as ReadableStreamReadResult<unknown>).value));
    const refusal = this.#refusal;
    if (refusal) {
      if (chunk) {
        const room = chunk.subarray(0, BODY_START - refusal.length);
        refusal.body.set(room, refusal.length);
        refusal.length += room.length;
      }
      const isAll = done || refusal.length === BODY_START;
      if (isAll) {
        this.#refusal = undefined;
        this.#isWanted = false;
      }
      this.#tell.answer(refusal.head, startOf(refusal), isAll ? 1 : 0);
    } else if (done) {
      this.#end = null;
    } else if (!chunk) {
      this.#end = { error: 'the body is not made of bytes' };
    } else if (!this.#lingers) {
      this.#waiting.push(chunk);
      this.#size += chunk.length;
      this.#count += 1;
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
