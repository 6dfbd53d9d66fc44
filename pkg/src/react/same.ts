/** Whether two values would make the same stream. */

/**
 * By value for plain objects, lists, and what headers, queries and forms are kept in. A function is
 * as good as any other: the latest is called. Everything else is the same only as itself.
 */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || (typeof a === 'function' && typeof b === 'function')) {
    return true;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return false;
  }
  const kind: unknown = Object.getPrototypeOf(a);
  if (kind !== Object.getPrototypeOf(b)) {
    return false;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  }
  if (kind === Object.prototype || kind === null) {
    return isSameRecord(a, b);
  }
  return ENTRIES.some((type) => a instanceof type())
    ? isSame([...(a as Headers)], [...(b as Headers)])
    : false;
}

/** Looked up late: importing touches no global. */
const ENTRIES = [() => Headers, () => URLSearchParams, () => FormData];

/** What is undefined counts as left out. */
function isSameRecord(a: object, b: object): boolean {
  const before = new Map(Object.entries(a));
  const after = new Map(Object.entries(b));
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].every((name) => isSame(before.get(name), after.get(name)));
}
