/**
 * A profile as the WebAssembly module reads it. What a line says is told by its place; a choice is
 * one letter, and what belongs to it follows at once; lists have tabs between their items. One line
 * for each event type comes last.
 */

import type { ProfileDefinition } from './profile.js';

/** The bits of what is known of an event type. */
const FLAGS = {
  critical: 1,
  droppable: 2,
  replayed: 4,
  terminal: 8,
  noCursor: 16,
  onRequest: 32,
  heartbeats: 64,
  recurring: 128,
} as const;

/** What is yes or no, as bits of one number. */
const OPEN = 1;
const RUNS_ONCE = 2;
const TEXT = 4;
const LINE_BREAKS = 8;

const LISTS = { comma: 'c', repeated: 'r', 'comma-then-repeated': 'b' } as const;

export function profileLines(profile: ProfileDefinition): string {
  const { filter, end, heartbeat, retry = 1_000 } = profile;
  const lines: (string | number)[] = [
    profile.name,
    (profile.open ? OPEN : 0) |
      (profile.runsOnce ? RUNS_ONCE : 0) |
      (profile.format === 'text' ? TEXT : 0) |
      (profile.repair === 'line-breaks' ? LINE_BREAKS : 0),
    choice(profile.discriminator ?? 'event'),
    choice(profile.payload ?? 'whole'),
    row(Object.keys(profile.categories)),
    row(profile.prefixes),
    filter ? (filter.by[0] ?? '') + LISTS[filter.list] + filter.parameter : 'l',
    choice(profile.cursor ?? 'header'),
    choice(profile.auth ?? 'bearer'),
    choice(heartbeat ?? 'none'),
    end === undefined ? 'n' : `m${end}`,
    row(profile.gone),
    choice(profile.identity ?? 'none'),
    choice(profile.recovery ?? 'none'),
    // Rust's `Spec::new` has the same two defaults.
    row([retry, profile.maxRetry ?? Math.max(30_000, retry)]),
  ];
  Object.values(profile.categories).forEach((types, category) => {
    for (const type of types) {
      lines.push(row([category, flags(profile, type), type, ...aliases(profile, type)]));
    }
  });
  return lines.join('\n');
}

/** A word, or `{ word: value }`, as the word's first letter and the value. */
function choice(value: string | { readonly [word: string]: string | number }): string {
  const [word = '', rest = ''] = typeof value === 'object' ? Object.entries(value)[0]! : [value];
  return `${word[0]}${rest}`;
}

function row(items: readonly (string | number)[] = []): string {
  return items.join('\t');
}

function flags(profile: ProfileDefinition, type: string): number {
  let bits = 0;
  for (const [list, bit] of Object.entries(FLAGS)) {
    if (profile[list as keyof typeof FLAGS]?.includes(type)) bits |= bit;
  }
  return bits;
}

function aliases(profile: ProfileDefinition, type: string): string[] {
  return Object.entries(profile.aliases ?? {})
    .filter(([, meant]) => meant === type)
    .map(([alias]) => alias);
}
