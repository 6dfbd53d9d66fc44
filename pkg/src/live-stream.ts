/** The stream at run time: what `connect` returns, between its connection and its consumers. */

import { Attempts } from './attempts.js';
import { type CloseReason, Connection, type News, type Source } from './connection.js';
import type { Core, LoadCore } from './core.js';
import { Delivery } from './delivery.js';
import { TidewireError } from './error.js';
import type { AnyEvent } from './event.js';
import {
  checkFilter,
  checkType,
  filterMatcher,
  type FilterNames,
  matcher,
  type Passes,
} from './filter.js';
import { HeadStart } from './head-start.js';
import { iterate, readable } from './iterate.js';
import { checkedFilter, namesNothing, namesOf, type Settings } from './options.js';
import { Notice } from './queue.js';
import { joinShared } from './share.js';
import { Progress } from './store.js';
import type { Closed, StreamState, StreamStats } from './stream.js';
import { gatherText } from './text.js';
import type { Validation } from './validator.js';
import { refuse } from './wording.js';

export class LiveStream {
  readonly #closed: Promise<Closed>;
  #resolveClosed!: (closed: Closed) => void;
  #state: StreamState = 'connecting';
  readonly #settings: Settings;
  readonly #news = new EventTarget();
  #decodeErrorsHeard = false;
  /** Somebody will be told if it ends with an error. */
  #endHeard = false;
  readonly #delivery: Delivery;
  readonly #progress: Progress | undefined;

  readonly #attempts: Attempts;
  /** The first request, if it did not wait for the module. */
  #head: HeadStart | undefined;
  #filter: FilterNames;
  /** Names that handlers were given for, until the connection is there. */
  #listened: string[] = [];
  #releaseSignal: (() => void) | undefined;
  #releaseValidation: (() => void) | undefined;
  /** How often it was open. */
  #opened = 0;
  #gaps = 0;

  constructor(settings: Settings, load: LoadCore) {
    this.#settings = settings;
    this.#attempts = new Attempts(settings);
    this.#filter = { categories: settings.categories, types: settings.types };
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#progress = settings.store && new Progress(settings.store, settings);
    this.#delivery = this.#deliver();
    // Where the symbol is missing, so is the statement that would use it.
    if (Symbol.asyncDispose) {
      Object.defineProperty(this, Symbol.asyncDispose, {
        value: async () => {
          this.close();
          await this.#closed;
        },
      });
    }
    this.#obeySignal();
    if (!this.#delivery.end) {
      void this.#begin(load);
    }
  }

  get closed(): Promise<Closed> {
    this.#endHeard = true;
    return this.#closed;
  }

  get state(): StreamState {
    return this.#state;
  }

  get lastEventId(): string {
    // Ids also come without an event, and with events that the filter keeps back.
    const latest =
      this.#delivery.isUpToDate ? this.#source?.lastEventId : undefined;
    return latest ?? this.#delivery.lastEventId;
  }

  get stats(): StreamStats {
    return {
      delivered: this.#delivery.delivered,
      duplicates: this.#delivery.source?.duplicates ?? 0,
      dropped: this.#delivery.dropped,
      reconnections: Math.max(this.#opened - 1, 0),
      gaps: this.#gaps,
      attempts: this.#delivery.source?.attempts ?? 0,
    };
  }

  close(): void {
    this.#finish('closed');
  }

  reconnect(): void {
    this.#source?.reconnect();
  }

  async setFilter(change: { categories?: string[]; types?: string[] }): Promise<void> {
    const given = checkedFilter(change);
    const filter = namesOf(given);
    checkFilter(this.#settings.profile, filter);
    const nothing = namesNothing(given);
    const source = this.#source;
    if (nothing || !source) {
      this.#apply(filter, nothing);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      source.setFilter(filter, (error) => {
        if (error === undefined) {
          this.#apply(filter, false);
          resolve();
        } else {
          reject(new TidewireError(error, { code: 'filter' }));
        }
      });
    });
  }

  on(name: string, handler: (event: AnyEvent) => unknown): () => void {
    return this.#on('on', name, handler);
  }

  once(name: string, handler: (event: AnyEvent) => unknown): () => void {
    checkHandler(handler);
    const off = this.#on('once', name, (event) => {
      off();
      return handler(event);
    });
    return off;
  }

  onCategory(category: string, handler: (event: AnyEvent) => unknown): () => void {
    checkFilter(this.#settings.profile, { categories: [category], types: [] });
    return this.#handle((event) => event.category === category, handler);
  }

  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    this.#decodeErrorsHeard ||= type === 'decodeerror' && listener !== null;
    this.#endHeard ||= type === 'error' && listener !== null;
    this.#news.addEventListener(type, listener, options);
  }

  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void {
    this.#news.removeEventListener(type, listener, options);
  }

  events(options?: { preventClose?: boolean | undefined }): AsyncIterableIterator<AnyEvent> {
    this.#endHeard = true;
    return iterate(this.#delivery.consumer(), options);
  }

  batches(options?: { preventClose?: boolean | undefined }): AsyncIterableIterator<AnyEvent[]> {
    this.#endHeard = true;
    return iterate(this.#delivery.batchConsumer(), options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<AnyEvent> {
    return this.events();
  }

  readable(): ReadableStream<AnyEvent> {
    return readable(this.events());
  }

  text(): Promise<string> {
    return gatherText(this.#settings, () => this.events());
  }

  // ---- the connection's side

  async #begin(load: LoadCore): Promise<void> {
    try {
      if (load.place && !load.place.isReady && HeadStart.isPossible(this.#settings)) {
        this.#head = new HeadStart(this.#attempts);
        // Whoever closes at once sends nothing.
        await undefined;
        if (this.#delivery.end) {
          return;
        }
        void this.#head.send(this.#settings, this.#filter);
      }
      const started =
        this.#progress && !this.#settings.hasLastEventId ? this.#progress.start() : undefined;
      const { validate } = this.#settings;
      const [core, validation] = await Promise.all([load(), validate && validate.load()]);
      this.#start(core, validation, (await started) ?? this.#settings.lastEventId);
    } catch (error) {
      this.#finish('unsupported', asTidewireError(error));
    }
  }

  #start(core: Core, validation: Validation | false | undefined, lastEventId: string): void {
    if (this.#delivery.end) {
      return;
    }
    if (validation) {
      this.#delivery.checkBy(validation.checker(this.#settings.profile));
      this.#releaseValidation = validation.onTrap((error) => {
        this.#finish('interrupted', error);
        this.#delivery.source?.close('closed');
      });
    }
    this.#delivery.startFrom(lastEventId);
    const settings = this.#settings;
    const delivery = this.#delivery;
    const filter = this.#filter;
    const names = this.#listened;
    delivery.source = settings.share
      ? joinShared(core, settings, this.#attempts, delivery, delivery.nothing ? undefined : filter, lastEventId, names)
      : new Connection(
          core,
          settings,
          this.#attempts,
          delivery,
          filter,
          lastEventId,
          names,
          this.#head,
        );
    delivery.refill();
  }

  #receive(...[type, detail]: News): void {
    switch (type) {
      case 'state':
        return this.#setState(detail.state);
      case 'closed':
        return this.#finish(detail.reason, detail.error);
      case 'gap':
        this.#gaps += 1;
        return this.#delivery.pushNotice(new Notice(type, detail));
      case 'resumed': {
        const { recovered, lastEventId } = detail;
        const reason = recovered === 'no' ? 'not recovered' : 'recovery unproven';
        this.#delivery.pushNotice(new Notice(type, detail));
        return recovered === 'yes' ? undefined : this.#receive('gap', { reason, lastEventId });
      }
      case 'open':
        this.#opened += 1;
    }
    // What fails after the user's end is of no interest.
    this.#soon(() => type === 'error' && isByUser(this.#delivery.end?.reason) || this.#tell(type, detail));
  }

  /** The connection, unless the stream is over. */
  get #source(): Source | undefined {
    return this.#delivery.end ? undefined : this.#delivery.source;
  }

  #apply(filter: FilterNames, nothing: boolean): void {
    if (!nothing) {
      this.#filter = filter;
    }
    this.#delivery.nothing = nothing;
    this.#delivery.filter(nothing ? () => false : filterMatcher(this.#settings.profile, filter));
  }

  // ---- the end

  #finish(reason: Closed['reason'], error?: TidewireError): void {
    if (this.#delivery.end) {
      return;
    }
    const byUser = isByUser(reason);
    const status = error?.status;
    const lastEventId = this.lastEventId;
    this.#delivery.end = {
      reason,
      ...(status && { status }),
      ...(error && { error }),
    };
    this.#setState('closed');
    this.#releaseSignal?.();
    this.#releaseValidation?.();
    this.#head?.abort();
    if (byUser) {
      this.#delivery.lastEventId = lastEventId;
      // Not even a handler that never comes back holds this up.
      this.#resolveClosed(this.#delivery.end);
      this.#delivery.clear();
    }
    if (byUser || reason === 'slow-consumer') {
      this.#delivery.source?.close(reason as CloseReason);
    }
    this.#delivery.drainSoon();
    if (error && !this.#endHeard) {
      // Nobody asks: it must not end in silence.
      console.error(error);
    }
  }

  #obeySignal(): void {
    const { signal } = this.#settings;
    const abort = () => this.#finish('aborted');
    this.#releaseSignal = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted) {
      abort();
    } else {
      signal?.addEventListener('abort', abort);
    }
  }

  #setState(state: StreamState): void {
    if (state !== this.#state && this.#state !== 'closed') {
      this.#state = state;
      this.#soon(() => this.#tell('state', { state }));
    }
  }

  // ---- the consumers' side

  #deliver(): Delivery {
    return new Delivery(this.#settings, this.#progress, {
      tooSlow: () => {
        // The module is on the stack.
        queueMicrotask(() => this.#finish('slow-consumer', tooSlow(this.#settings)));
      },
      receive: (...news) => this.#receive(...news),
      tellNotice: (notice) => this.#tellNotice(notice),
      close: () => this.close(),
      settle: this.#resolveClosed,
    });
  }

  #on(where: string, name: string, handler: (event: AnyEvent) => unknown): () => void {
    const { profile, transport } = this.#settings;
    if (name !== '*' && name !== 'unknown') {
      checkType(profile, name, where);
    }
    const off = this.#handle(matcher(profile, name), handler);
    // An `EventSource` gives only what is asked for by its very name.
    if (transport === 'eventsource' && !name.includes('*')) {
      this.#listened.push(name);
      this.#source?.listen(name);
    }
    return off;
  }

  #handle(passes: Passes, call: (event: AnyEvent) => unknown): () => void {
    checkHandler(call);
    return this.#delivery.handle(passes, call);
  }

  // ---- news of the stream's own life

  #tellNotice(notice: Notice): void {
    if (notice.type === 'decodeerror' && !this.#decodeErrorsHeard) {
      // Nobody listens: it must not be lost in silence.
      console.error((notice.detail as { error: unknown }).error);
    }
    this.#tell(notice.type, notice.detail);
  }

  /** Tells news once the module is off the stack. */
  #soon(tell: () => unknown): void {
    this.#delivery.untold += 1;
    queueMicrotask(() => {
      this.#delivery.untold -= 1;
      tell();
    });
  }

  #tell(type: string, detail: object): void {
    // Edge runtimes have no CustomEvent.
    this.#news.dispatchEvent(
      typeof CustomEvent === 'undefined'
        ? Object.assign(new Event(type), { detail })
        : new CustomEvent(type, { detail }),
    );
  }
}

function tooSlow({ buffer }: Settings): TidewireError {
  return new TidewireError(
    `more came than was consumed: ${buffer.events} events or ${buffer.bytes} bytes wait. ` +
      "Enlarge 'buffer', or choose another 'buffer.overflow'",
    { code: 'slow-consumer' },
  );
}

function isByUser(reason: Closed['reason'] | undefined): boolean {
  return reason === 'closed' || reason === 'aborted';
}

function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function') {
    refuse('a handler must be a function');
  }
}

function asTidewireError(error: unknown): TidewireError {
  return error instanceof TidewireError
    ? error
    : new TidewireError(String(error), { code: 'unsupported', cause: error });
}
