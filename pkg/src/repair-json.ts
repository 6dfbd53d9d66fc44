/** JSON out of what Python takes for JSON. */

/** A string, to its end or that of the text, or what is no JSON outside of one. */
const PARTS = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|-?Infinity|NaN/gs;

/** The text with null for `NaN` and the infinities. */
export function repairJson(text: string): string {
  return text.replace(PARTS, (part) => (part.startsWith('"') ? part : 'null'));
}
