/** A profile as the WebAssembly module reads it: an entry a line, tabs between its columns. */

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

export function profileLines(profile: ProfileDefinition): string {
  const lines: (string | number)[][] = [['name', profile.name]];
  const { discriminator, payload, filter, heartbeat } = profile;
  lines.push(['discriminator', ...(columns(discriminator) ?? ['event'])]);
  if (typeof payload === 'object') lines.push(['payload', 'field', payload.field]);
  if (profile.format === 'text') lines.push(['format', 'text']);
  Object.entries(profile.categories).forEach(([category, types], index) => {
    lines.push(['category', category]);
    for (const type of types) {
      lines.push(['event', type, index, flags(profile, type), ...aliases(profile, type)]);
    }
  });
  if (profile.open) lines.push(['open']);
  for (const prefix of profile.prefixes ?? []) lines.push(['prefix', prefix]);
  if (filter) lines.push(['filter', filter.by, filter.parameter, filter.list]);
  lines.push(['cursor', ...(columns(profile.cursor) ?? ['header'])]);
  lines.push(['auth', ...(columns(profile.auth) ?? ['bearer'])]);
  if (heartbeat) lines.push(['heartbeat', ...(columns(heartbeat) ?? [])]);
  if (profile.end !== undefined) lines.push(['end', profile.end]);
  if (profile.runsOnce) lines.push(['once']);
  if (profile.gone?.length) lines.push(['gone', ...profile.gone]);
  if (typeof profile.identity === 'object' || (profile.identity ?? 'none') !== 'none') {
    lines.push(['identity', ...(columns(profile.identity) ?? [])]);
  }
  if (profile.recovery !== undefined) lines.push(['recovery', profile.recovery]);
  if (profile.repair === 'line-breaks') lines.push(['repair', 'line-breaks']);
  if (profile.retry !== undefined || profile.maxRetry !== undefined) {
    // Rust's `Spec::new` has the same two defaults.
    const retry = profile.retry ?? 1_000;
    lines.push(['retry', retry, profile.maxRetry ?? Math.max(30_000, retry)]);
  }
  return lines.map((line) => line.join('\t')).join('\n');
}

/** A word, or `{ kind: value }` as two columns. */
function columns(
  value: string | { readonly [kind: string]: string | number } | undefined,
): (string | number)[] | undefined {
  return typeof value === 'object'
    ? Object.entries(value)[0]
    : value === undefined
      ? value
      : [value];
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
