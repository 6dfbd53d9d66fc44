/** How values and choices are put into messages. */

/** `a, b or c` */
export function oneOf(choices: readonly string[]): string {
  const last = choices.at(-1) ?? '';
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(', ')} or ${last}`;
}

/** A value as a message shows it: short, on one line. */
export function shown(value: unknown): string {
  let text: string;
  try {
    text =
      typeof value === 'function'
        ? 'a function'
        : typeof value === 'bigint'
          ? `${value}n`
          : (JSON.stringify(value) ?? String(value));
  } catch {
    text = 'an object that is no JSON';
  }
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** ` (did you mean 'x'?)`, if there is a name that near; else nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  let nearest: string | undefined;
  // A third of the letters may be wrong, no more: a far-fetched guess misleads.
  let least = Math.floor(name.length / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest === undefined ? '' : ` (did you mean '${nearest}'?)`;
}

/** Levenshtein's distance; any number of at least `limit` when it is not below that. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) {
    return limit;
  }
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? limit;
}
