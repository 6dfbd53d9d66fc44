const VALUE = '"0[{';

/** Space, and what comes next: a number or a word; or where a string begins, and what stands around and between values. */
const TOKEN =
  /([\t\n\r ]*)(?:(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|["[\]{}:,]|)/y;

/** Of a string. Not all of it at once: engines run out of stack at millions of escapes. */
const PART = /[^"\\\0-\x1f]+|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y;

/**
 * Where a text stops being JSON, in UTF-16 units; its length if it only breaks
 * off. Engines say it in their own ways, or not at all.
 */
export function jsonErrorPosition(text: string): number {
  /** What closes each object and list that is open, the innermost last. */
  let open = '';
  /** What each token that may come now begins with; 0 stands for numbers and words. */
  let allowed = VALUE;
  let at = 0;
  for (;;) {
    TOKEN.lastIndex = at;
    const [, space = '', scalar] = TOKEN.exec(text) as RegExpExecArray;
    at += space.length;
    const first = scalar ? '0' : text[at];
    if (!first || !allowed.includes(first)) {
      return at;
    }
    at = TOKEN.lastIndex;
    if (first === '"') {
      for (PART.lastIndex = at; PART.test(text); ) at = PART.lastIndex;
      if (text[at] !== first) {
        return at;
      }
      at += 1;
    }
    const isKey = first === '"' && !allowed.includes('0');
    if (first === '{') {
      open += '}';
    } else if (first === '[') {
      open += ']';
    } else if (first === '}' || first === ']') {
      open = open.slice(0, -1);
    }
    const closer = open.slice(-1);
    allowed = isKey
      ? ':'
      : first === '{'
        ? '"}'
        : first === '['
          ? `${VALUE}]`
          : first === ':' || first === ','
            ? first + closer === ',}'
              ? '"'
              : VALUE
            : closer && `,${closer}`;
  }
}
