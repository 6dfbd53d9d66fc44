const SPACE = /[\t\n\r ]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const STRING_BODY = /(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/**
 * Where a text stops being JSON, in UTF-16 units; its length if it only breaks
 * off. Engines say it in their own ways, or not at all.
 */
export function jsonErrorPosition(text: string): number {
  const open: string[] = [];
  let at = 0;
  let expected: 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end' = 'value';
  const skip = (token: RegExp) => {
    token.lastIndex = at;
    const found = token.exec(text);
    at += found?.[0].length ?? 0;
    return found !== null;
  };
  const string = () => {
    at += 1;
    skip(STRING_BODY);
    const ended = text[at] === '"';
    at += ended ? 1 : 0;
    return ended;
  };
  for (;;) {
    skip(SPACE);
    const next = text[at];
    if (next === undefined) {
      return text.length;
    }
    switch (expected) {
      case 'value or ]':
      case 'value':
        if (next === '{' || next === '[') {
          open.push(next);
          at += 1;
          expected = next === '{' ? 'key or }' : 'value or ]';
        } else if (next === ']' && expected === 'value or ]') {
          open.pop();
          at += 1;
          expected = 'comma or end';
        } else if (next === '"' ? string() : skip(SCALAR)) {
          expected = 'comma or end';
        } else {
          return at;
        }
        break;
      case 'key or }':
      case 'key':
        if (next === '}' && expected === 'key or }') {
          open.pop();
          at += 1;
          expected = 'comma or end';
        } else if (next === '"' && string()) {
          expected = 'colon';
        } else {
          return at;
        }
        break;
      case 'colon':
        if (next !== ':') {
          return at;
        }
        at += 1;
        expected = 'value';
        break;
      case 'comma or end': {
        const inside = open.at(-1);
        if (next === ',' && inside !== undefined) {
          expected = inside === '{' ? 'key' : 'value';
        } else if (inside !== undefined && next === (inside === '{' ? '}' : ']')) {
          open.pop();
        } else {
          return at;
        }
        at += 1;
        break;
      }
    }
  }
}
