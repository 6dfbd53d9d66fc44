/** How values and choices are put into messages. */

/** @throws TypeError always: what was given is not what may be. */
export function refuse(message: string, options?: ErrorOptions): never {
  throw new TypeError(message, options);
}

/** `a, b or c`: two or more. */
export function oneOf(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

/** A value as a message shows it: short, on one line. */
export function shown(value: unknown): string {
  // Of what is no JSON.
  let text: string = typeof value;
  try {
    text = JSON.stringify(value) ?? text;
  } catch {
    // It is a cycle, or a bigint.
  }
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** ` (did you mean 'x'?)`, if there is a name that near; else nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  let guess = '';
  // A third of the letters may be wrong, no more: a far-fetched guess misleads.
  let least = Math.floor(name.length / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      guess = ` (did you mean '${candidate}'?)`;
    }
  }
  return guess;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  // How far the letters of `a` so far are from each start of `b`.
  let row = [0, ...b].map((_, index) => index);
  for (const letter of a) {
    let left = (row[0] as number) + 1;
    row = row.map((above, index) =>
      index === 0
        ? left
        : (left =
            1 + Math.min(left, above, (row[index - 1] as number) - Number(b[index - 1] === letter))),
    );
  }
  return row.at(-1) as number;
}
