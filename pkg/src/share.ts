/** Streams of one page that share a connection. */

import type { Attempts } from './attempts.js';
import { KIND_TYPE_MASK } from './boundary.js';
import { type CloseReason, Connection, type Receiver, type Source } from './connection.js';
import type { Core } from './core.js';
import { ALL, type FilterNames, filterMatcher, isAll, type Passes } from './filter.js';
import { headersOf, RECONNECT, type Settings } from './options.js';
import { type TableRow, tableOf } from './profile.js';
import { type Batch, leaveOut, releaseRows } from './rows.js';
import type { StreamNews, StreamState } from './stream.js';

const connections = /* @__PURE__ */ new WeakMap<Core, Set<SharedConnection>>();

/** A stream that may share its connection. */
export interface SharingReceiver extends Receiver {
  /** Nothing more fits, whether or not anybody reads. */
  readonly holdsBack: boolean;
}

/**
 * The connection of a stream that may share one: an open one with the same options, or its own,
 * first. Without a filter it wants nothing.
 */
export function joinShared(
  core: Core,
  settings: Settings,
  attempts: Attempts,
  receiver: SharingReceiver,
  filter: FilterNames | undefined,
  lastEventId: string,
  names: readonly string[],
): Source {
  const open = connections.get(core) ?? new Set();
  connections.set(core, open);
  const shared =
    [...open].find((shared) => areSame(shared.settings, settings)) ??
    new SharedConnection(settings, open);
  const member = new Member(shared, receiver, filter);
  shared.join(member, core, attempts, lastEventId, names);
  return member;
}

class SharedConnection {
  readonly settings: Settings;
  readonly table: readonly TableRow[];
  connection: Connection | undefined;
  readonly #all: Set<SharedConnection>;
  /** Replaced, never changed: it is walked while streams come and go. */
  #members: readonly Member[] = [];
  #state: StreamState = 'connecting';
  #opened: StreamNews['open'] | undefined;
  /** What the connection was asked for last. */
  #asked: FilterNames = ALL;

  constructor(settings: Settings, all: Set<SharedConnection>) {
    this.settings = settings;
    this.table = tableOf(settings.profile);
    this.#all = all;
  }

  join(
    member: Member,
    core: Core,
    attempts: Attempts,
    lastEventId: string,
    names: readonly string[],
  ): void {
    const { settings, connection } = this;
    this.#members = [...this.#members, member];
    if (!connection) {
      this.#all.add(this);
      this.#asked = this.#union();
      const receiver = this.#receiver();
      this.connection = new Connection(core, settings, attempts, receiver, this.#asked, lastEventId, names);
      return;
    }
    const { tell } = member.receiver;
    names.forEach((name) => connection.listen(name));
    this.askFor();
    tell('state', { state: this.#state });
    if (this.#state === 'open' && this.#opened) {
      tell('open', this.#opened);
    }
    const elsewhere = lastEventId !== '' && lastEventId !== connection.lastEventId;
    const missesHistory = settings.profile.recovery === 'history' && this.#opened;
    if (elsewhere || missesHistory) {
      tell('gap', { reason: 'joined', lastEventId });
    }
  }

  leave(member: Member, reason: CloseReason): void {
    this.#members = this.#members.filter((other) => other !== member);
    if (this.#members.length > 0) {
      this.askFor();
      this.want();
    } else if (this.#all.delete(this)) {
      this.connection?.close(reason);
    }
  }

  /** Asks for what all of them want together, if that has changed. */
  askFor(done: (error?: string) => void = () => {}): void {
    const before = this.#asked;
    const union = this.#union();
    if (!this.connection || JSON.stringify(union) === JSON.stringify(before)) {
      done();
      return;
    }
    this.#asked = union;
    this.connection.setFilter(union, (error) => {
      if (error !== undefined && this.#asked === union) {
        this.#asked = before;
      }
      done(error);
    });
  }

  /** Reads on, if nobody's full buffer is in the way. */
  want(): void {
    if (this.#mayRead()) {
      this.connection?.want();
    }
  }

  #receiver(): Receiver {
    return {
      batch: (batch) => {
        // The first to be done with its rows does not release those of the others.
        const shared = { ...batch, rows: batch.rows.slice(), isShared: true };
        releaseRows(batch);
        this.#members.forEach((member) => member.batch(shared));
        return this.#mayRead();
      },
      fed: () => {},
      room: () => Math.min(...this.#members.map(({ receiver }) => receiver.room())),
      tell: (...news) => {
        const [type, detail] = news;
        const members = this.#members;
        if (type === 'state') {
          this.#state = detail.state;
        } else if (type === 'open') {
          this.#opened = detail;
        } else if (type === 'closed') {
          this.#all.delete(this);
          this.#members = [];
        }
        members.forEach(({ receiver }) => receiver.tell(...news));
      },
    };
  }

  #mayRead(): boolean {
    return (
      this.#members.some((member) => member.wants) &&
      !this.#members.some((member) => member.receiver.holdsBack)
    );
  }

  /** Sorted: the same names are the same filter, whoever came first. */
  #union(): FilterNames {
    const { profile } = this.settings;
    const filters = this.#members.flatMap(({ filter }) => filter ?? []);
    const all = (kind: keyof FilterNames) =>
      [...new Set(filters.flatMap((filter) => filter[kind]))].sort();
    const union = { categories: all('categories'), types: all('types') };
    if (!filters.some(isAll)) {
      return union;
    }
    const passes = filterMatcher(profile, union);
    const asksSpecially =
      !isAll(union) &&
      this.table.some((row) => profile.onRequest?.includes(row.type) && passes(row));
    // All types by name, those too that a server doesn't send to who asks for nothing in particular.
    return asksSpecially ? { categories: [], types: ['**'] } : ALL;
  }
}

/** One stream of a shared connection. */
class Member implements Source {
  readonly receiver: SharingReceiver;
  filter: FilterNames | undefined;
  /** Somebody reads it, and there is room. */
  wants = false;
  readonly #shared: SharedConnection;
  /** What the connection had counted before. */
  #attempts = 0;
  #duplicates = 0;
  #left = false;
  /**
   * What passes; and by the filter that was set last, until it holds or is refused: a connection
   * that takes over hands on what it held for it before it says that the filter has changed.
   */
  #masks: Mask[];
  /** The last event ID of an event that the filter kept back: the next one takes it over. */
  #lost: string | undefined;

  constructor(shared: SharedConnection, receiver: SharingReceiver, filter: FilterNames | undefined) {
    this.receiver = receiver;
    this.filter = filter;
    this.#shared = shared;
    this.#attempts = this.attempts;
    this.#duplicates = this.duplicates;
    this.#masks = [maskOf(shared.settings, filter)];
  }

  get lastEventId(): string | undefined {
    return this.#shared.connection?.lastEventId;
  }

  get attempts(): number {
    return (this.#shared.connection?.attempts ?? 0) - this.#attempts;
  }

  get duplicates(): number {
    return (this.#shared.connection?.duplicates ?? 0) - this.#duplicates;
  }

  batch(batch: Batch): void {
    let mine = batch;
    if (!this.#masks.includes(undefined)) {
      const { table } = this.#shared;
      const rest = leaveOut(batch, 0, this.#lost, (kind, name) => {
        const event = table[kind & KIND_TYPE_MASK] ?? { type: 'unknown', name, category: null };
        return !this.#masks.some((passes) => passes?.(event));
      });
      this.#lost = rest.lost;
      mine = rest.batch;
    }
    if (mine.rows.length > 0) {
      this.wants = this.receiver.batch(mine, false);
    }
  }

  want(): void {
    this.wants = true;
    this.#shared.want();
  }

  close(reason: CloseReason): void {
    if (!this.#left) {
      this.#left = true;
      this.#shared.leave(this, reason);
    }
  }

  reconnect(): void {
    this.#shared.connection?.reconnect();
  }

  setFilter(filter: FilterNames, done: (error?: string) => void): void {
    const before = this.filter;
    const [held] = this.#masks;
    const mask = maskOf(this.#shared.settings, filter);
    this.filter = filter;
    this.#masks = [held, mask];
    this.#shared.askFor((error) => {
      if (this.filter === filter) {
        this.#masks = [error === undefined ? mask : held];
        this.filter = error === undefined ? filter : before;
      }
      done(error);
    });
  }

  listen(name: string): void {
    this.#shared.connection?.listen(name);
  }
}

/** Which events pass; undefined: all. */
type Mask = Passes | undefined;

function maskOf({ profile }: Settings, filter: FilterNames = ALL): Mask {
  const { onRequest = [] } = profile;
  if (!isAll(filter)) {
    return filterMatcher(profile, filter);
  }
  // Who asks for everything does not get what has to be asked for by name.
  return onRequest.length > 0 ? ({ type }) => !onRequest.includes(type) : undefined;
}

/** The options that make a connection what it is; the others are each stream's own. */
const SHARED = [
  'profile',
  'url',
  'method',
  'token',
  'transport',
  'credentials',
  'lastEventId',
  'fetch',
  'connectTimeout',
  'staleAfter',
  'maxEventBytes',
  'pauseWhenHidden',
] as const;

function areSame(a: Settings, b: Settings): boolean {
  const headers = (settings: Settings) =>
    typeof settings.headers === 'function'
      ? settings.headers
      : JSON.stringify(headersOf(settings, settings.headers));
  const policy = ({ reconnect }: Settings) => reconnect || {};
  return (
    SHARED.every((option) => a[option] === b[option]) &&
    headers(a) === headers(b) &&
    !a.reconnect === !b.reconnect &&
    Object.keys(RECONNECT).every(
      (option) => policy(a)[option as keyof typeof RECONNECT] === policy(b)[option as keyof typeof RECONNECT],
    )
  );
}
