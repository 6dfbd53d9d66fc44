/** JSON out of what Python takes for JSON. */

/** What begins and ends a string, what does not, and what is no JSON outside of one. */
const PARTS = /"|\\.|-?Infinity|NaN/gs;

/** The text with null for `NaN` and the infinities. */
export function repairJson(text: string): string {
  let isInside = false;
  // Not a string at once: engines run out of stack at millions of escapes.
  return text.replace(PARTS, (part) => {
    isInside = part === '"' ? !isInside : isInside;
    return isInside || /^["\\]/.test(part) ? part : 'null';
  });
}
