/**
 * A profile as the WebAssembly module reads it. What a line says is told by its place; a choice is
 * one letter, and what belongs to it follows at once; lists have tabs between their items. One line
 * for each event type comes last.
 */

import { aliasesOf, type ProfileDefinition, tableOf } from './profile.js';

/** The members of a profile that list event types: what is known of each, from the lowest bit. */
export const TYPE_LISTS = [
  'critical',
  'droppable',
  'replayed',
  'terminal',
  'noCursor',
  'onRequest',
  'heartbeats',
  'recurring',
] as const;

const LISTS: { readonly [list: string]: string } = { comma: 'c', repeated: 'r' };

export function profileLines(profile: ProfileDefinition): string {
  const { filter, end, retry = 1_000 } = profile;
  const categories = Object.keys(profile.categories);
  const isOf = (type: string) => TYPE_LISTS.map((list) => profile[list]?.includes(type));
  return [
    profile.name,
    bits([
      profile.open,
      profile.runsOnce,
      profile.format === 'text',
      profile.repair === 'line-breaks',
    ]),
    choice(profile.discriminator ?? 'event'),
    choice(profile.payload ?? 'whole'),
    row(categories),
    row(profile.prefixes),
    filter ? choice(filter.by) + (LISTS[filter.list] ?? 'b') + filter.parameter : 'l',
    choice(profile.cursor ?? 'header'),
    choice(profile.auth ?? 'bearer'),
    choice(profile.heartbeat),
    end === undefined ? 'n' : `m${end}`,
    row(profile.gone),
    choice(profile.identity),
    choice(profile.recovery),
    // Rust's `Spec::new` has the same two defaults.
    row([retry, profile.maxRetry ?? Math.max(30_000, retry)]),
    ...tableOf(profile).map(({ type, category }) =>
      row([categories.indexOf(category), bits(isOf(type)), type, ...aliasesOf(profile, type)]),
    ),
  ].join('\n');
}

/** What is yes or no, as bits of one number. */
export function bits(flags: readonly unknown[]): number {
  return flags.reduce<number>((all, flag, place) => all | (flag ? 1 << place : 0), 0);
}

/** A word, or `{ word: value }`, as the word's first letter and the value. */
function choice(value: string | { readonly [word: string]: string | number } = 'none'): string {
  const [word = '', rest = ''] = typeof value === 'object' ? Object.entries(value)[0]! : [value];
  return `${word[0]}${rest}`;
}

function row(items: readonly (string | number)[] = []): string {
  return items.join('\t');
}
