const SPACE = /[\t\n\r ]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const STRING_BODY = /(?:[^"\\\0-\x1f]+|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*/y;

/**
 * Where a text stops being JSON, in UTF-16 units; its length if it only breaks
 * off. Engines say it in their own ways, or not at all.
 */
export function jsonErrorPosition(text: string): number {
  /** What closes each object and list that is open. */
  const open: string[] = [];
  let at = 0;
  let expected: 'value' | 'key' | ':' | ',' = 'value';
  /** What is open may be closed here. */
  let mayClose = false;
  const skip = (token: RegExp) => {
    token.lastIndex = at;
    const found = token.exec(text);
    at += found?.[0].length ?? 0;
    return found;
  };
  for (;;) {
    skip(SPACE);
    const next = text[at];
    const inside = open.at(-1);
    const wasKey: boolean = expected === 'key';
    if (next === undefined) {
      return at;
    }
    if (mayClose && next === inside) {
      open.pop();
      at += 1;
      expected = ',';
    } else if (inside !== undefined && next === expected) {
      at += 1;
      expected = next === ',' && inside === '}' ? 'key' : 'value';
      mayClose = false;
    } else if (expected === ',' || expected === ':') {
      return at;
    } else if (next === '"') {
      at += 1;
      skip(STRING_BODY);
      if (text[at] !== next) {
        return at;
      }
      at += 1;
      expected = wasKey ? ':' : ',';
      mayClose = !wasKey;
    } else if (!wasKey && (next === '{' || next === '[')) {
      at += 1;
      open.push(next === '{' ? '}' : ']');
      expected = next === '{' ? 'key' : 'value';
      mayClose = true;
    } else if (!wasKey && skip(SCALAR)) {
      expected = ',';
      mayClose = true;
    } else {
      return at;
    }
  }
}
