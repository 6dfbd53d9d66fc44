// Medians and how far the rounds lie apart.

/** `{ median, low, high, least, most }`: quartiles and extremes. Undefined of nothing. */
export function spread(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)];
    return below + (sorted[Math.ceil(place)] - below) * (place - Math.floor(place));
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75), least: sorted[0], most: sorted.at(-1) };
}

/**
 * How many times longer `theirs` took than `ours`, round by round: what disturbs the machine for
 * a while disturbs both. Where they were not in the same rounds, their medians are compared.
 */
export function ratio(theirs, ours) {
  if (theirs.length === ours.length) return spread(theirs.map((time, round) => time / ours[round]));
  const [their, our] = [spread(theirs), spread(ours)];
  return (
    their && our && spread([their.low, their.median, their.high].map((time) => time / our.median))
  );
}

export function shownRatio(found) {
  if (!found) return '-';
  return `${digits(found.median)} (${digits(found.low)} to ${digits(found.high)})`;
}

export function digits(number) {
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);
}
