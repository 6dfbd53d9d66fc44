/** Streams of one page that share a connection. */

import { Attempts } from './attempts.js';
import { KIND_TYPE_MASK } from './boundary.js';
import { type CloseReason, Connection, type Receiver, type Source } from './connection.js';
import type { Core } from './core.js';
import { ALL, type FilterNames, filterMatcher, isAll } from './filter.js';
import { flatHeaders, type Settings } from './options.js';
import { tableOf } from './profile.js';
import { type Batch, leaveOut, releaseRows } from './rows.js';
import type { StreamNews, StreamState } from './stream.js';

const connections = /* @__PURE__ */ new WeakMap<Core, Set<SharedConnection>>();

/** A stream that may share its connection. */
export interface SharingReceiver extends Receiver {
  /** Nothing more fits, whether or not anybody reads. */
  readonly holdsBack: boolean;
}

/** The connection of a stream that may share one: an open one with the same options, or its own, first. */
export function joinShared(
  core: Core,
  settings: Settings,
  receiver: SharingReceiver,
  filter: FilterNames,
  nothing: boolean,
  lastEventId: string,
  names: readonly string[],
): Source {
  let open = connections.get(core);
  if (!open) {
    open = new Set();
    connections.set(core, open);
  }
  const mine = { filter, nothing, receiver };
  for (const connection of open) {
    if (connection.serves(settings)) {
      return connection.join(mine, lastEventId, names);
    }
  }
  return new SharedConnection(core, settings, open).first(mine, lastEventId, names);
}

interface Joining {
  readonly filter: FilterNames;
  readonly nothing: boolean;
  readonly receiver: SharingReceiver;
}

class SharedConnection {
  readonly #core: Core;
  readonly #settings: Settings;
  readonly #all: Set<SharedConnection>;
  /** Replaced, never changed: it is walked while streams come and go. */
  #members: readonly Member[] = [];
  #connection: Connection | undefined;
  #state: StreamState = 'connecting';
  #opened: StreamNews['open'] | undefined;
  /** What the connection was asked for last. */
  #asked: FilterNames = ALL;

  constructor(core: Core, settings: Settings, all: Set<SharedConnection>) {
    this.#core = core;
    this.#settings = settings;
    this.#all = all;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  serves(settings: Settings): boolean {
    return areSame(this.#settings, settings);
  }

  first(joining: Joining, lastEventId: string, names: readonly string[]): Member {
    const member = new Member(this, this.#settings, joining);
    this.#members = [member];
    this.#all.add(this);
    this.#asked = this.#union();
    const settings = this.#settings;
    const receiver: Receiver = {
      batch: (batch) => {
        // The first to be done with its rows does not release those of the others.
        const shared = { ...batch, rows: batch.rows.slice(), isShared: true };
        releaseRows(batch);
        this.#members.forEach((member) => member.batch(shared));
        return this.#mayRead();
      },
      fed: () => {},
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
    this.#connection = new Connection(
      this.#core,
      settings,
      new Attempts(settings),
      receiver,
      this.#asked,
      lastEventId,
      names,
    );
    return member;
  }

  join(joining: Joining, lastEventId: string, names: readonly string[]): Member {
    const member = new Member(this, this.#settings, joining);
    this.#members = [...this.#members, member];
    names.forEach((name) => this.#connection?.listen(name));
    this.askFor(() => {});
    joining.receiver.tell('state', { state: this.#state });
    if (this.#state === 'open' && this.#opened) {
      joining.receiver.tell('open', this.#opened);
    }
    const here = this.#connection?.lastEventId ?? '';
    const elsewhere = lastEventId !== '' && lastEventId !== here;
    const missesHistory =
      this.#settings.profile.recovery === 'history' && this.#opened;
    if (elsewhere || missesHistory) {
      joining.receiver.tell('gap', { reason: 'joined', lastEventId });
    }
    return member;
  }

  leave(member: Member, reason: CloseReason): void {
    this.#members = this.#members.filter((other) => other !== member);
    if (this.#members.length > 0) {
      this.askFor(() => {});
      this.want();
    } else if (this.#all.delete(this)) {
      this.#connection?.close(reason);
    }
  }

  /** Asks for what all of them want together, if that has changed. */
  askFor(done: (error?: string) => void): void {
    const union = this.#union();
    if (!this.#connection || isSameFilter(union, this.#asked)) {
      done();
      return;
    }
    const before = this.#asked;
    this.#asked = union;
    this.#connection.setFilter(union, (error) => {
      if (error !== undefined && this.#asked === union) {
        this.#asked = before;
      }
      done(error);
    });
  }

  /** Reads on, if nobody's full buffer is in the way. */
  want(): void {
    if (this.#mayRead()) {
      this.#connection?.want();
    }
  }

  #mayRead(): boolean {
    return (
      this.#members.some((member) => member.wants) &&
      !this.#members.some((member) => member.receiver.holdsBack)
    );
  }

  #union(): FilterNames {
    const filters = this.#members.filter(({ nothing }) => !nothing).map(({ filter }) => filter);
    if (filters.length === 0) {
      return this.#members[0]?.filter ?? ALL;
    }
    const categories = unique(filters.flatMap(({ categories }) => categories));
    const types = unique(filters.flatMap(({ types }) => types));
    if (!filters.some(isAll)) {
      return { categories, types };
    }
    const { profile } = this.#settings;
    const passes = filterMatcher(profile, { categories, types });
    const named = !isAll({ categories, types });
    const asksSpecially =
      named && tableOf(profile).some((row) => profile.onRequest?.includes(row.type) && passes(row));
    // All types by name, those too that a server doesn't send to who asks for nothing in particular.
    return asksSpecially ? { categories: [], types: ['**'] } : ALL;
  }
}

/** One stream of a shared connection. */
class Member implements Source {
  readonly receiver: SharingReceiver;
  filter: FilterNames;
  nothing: boolean;
  /** Somebody reads it, and there is room. */
  wants = false;
  readonly #shared: SharedConnection;
  readonly #settings: Settings;
  readonly #earlier: { attempts: number; duplicates: number };
  #left = false;
  #mask: Mask;
  /**
   * Of the filter that was set last, until it holds or is refused: a connection that takes over
   * hands on what it held for it before it says that the filter has changed.
   */
  #awaited: Mask | undefined;
  /** The last event ID of an event that the filter kept back: the next one takes it over. */
  #lost: string | undefined;

  constructor(shared: SharedConnection, settings: Settings, joining: Joining) {
    this.#shared = shared;
    this.#settings = settings;
    this.receiver = joining.receiver;
    this.filter = joining.filter;
    this.nothing = joining.nothing;
    const { attempts = 0, duplicates = 0 } = shared.connection ?? {};
    this.#earlier = { attempts, duplicates };
    this.#mask = maskOf(settings.profile, joining.filter);
  }

  get lastEventId(): string | undefined {
    return this.#shared.connection?.lastEventId;
  }

  get attempts(): number {
    return (this.#shared.connection?.attempts ?? 0) - this.#earlier.attempts;
  }

  get duplicates(): number {
    return (this.#shared.connection?.duplicates ?? 0) - this.#earlier.duplicates;
  }

  batch(batch: Batch): void {
    const masks = [this.#mask, this.#awaited ?? this.#mask];
    if (masks.includes(EVERYTHING)) {
      this.wants = this.receiver.batch(batch, false);
      return;
    }
    const rest = leaveOut(
      batch,
      0,
      this.#lost,
      (kind, name) => !masks.some((passes) => passes(kind & KIND_TYPE_MASK, name)),
    );
    this.#lost = rest.lost;
    if (rest.batch.rows.length > 0) {
      this.wants = this.receiver.batch(rest.batch, false);
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
    const before = { filter: this.filter, nothing: this.nothing };
    const mask = maskOf(this.#settings.profile, filter);
    this.filter = filter;
    this.nothing = false;
    this.#awaited = mask;
    this.#shared.askFor((error) => {
      if (this.filter === filter) {
        this.#awaited = undefined;
        if (error === undefined) {
          this.#mask = mask;
        } else {
          this.filter = before.filter;
          this.nothing = before.nothing;
        }
      }
      done(error);
    });
  }

  listen(name: string): void {
    this.#shared.connection?.listen(name);
  }
}

/** Whether an event passes, by its type's index and its name. */
type Mask = (type: number, name: string) => boolean;

const EVERYTHING: Mask = () => true;

function maskOf(profile: Settings['profile'], filter: FilterNames): Mask {
  const all = isAll(filter);
  if (all && !profile.onRequest?.length) {
    return EVERYTHING;
  }
  const passes = filterMatcher(profile, filter);
  const known = tableOf(profile).map((row) =>
    // Who asks for everything does not get what has to be asked for by name.
    all ? !profile.onRequest?.includes(row.type) : passes(row),
  );
  return (type, name) => known[type] ?? passes({ type: 'unknown', name, category: null });
}

function isSameFilter(a: FilterNames, b: FilterNames): boolean {
  return isSameList(a.categories, b.categories) && isSameList(a.types, b.types);
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
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
const RECONNECT = ['minDelay', 'maxDelay', 'factor', 'jitter', 'maxAttempts', 'when'] as const;

function areSame(a: Settings, b: Settings): boolean {
  return (
    SHARED.every((option) => a[option] === b[option]) &&
    haveSameHeaders(a, b) &&
    (a.reconnect === false || b.reconnect === false
      ? a.reconnect === b.reconnect
      : RECONNECT.every((option) => (a.reconnect || {})[option] === (b.reconnect || {})[option]))
  );
}

function haveSameHeaders(a: Settings, b: Settings): boolean {
  if (typeof a.headers === 'function' || typeof b.headers === 'function') {
    return a.headers === b.headers;
  }
  return flatHeaders(a, a.headers).join('\n') === flatHeaders(b, b.headers).join('\n');
}
