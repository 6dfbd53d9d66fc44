// Tables that the server and the page both read.

const bytes = (...parts) => {
  const encoder = new TextEncoder();
  const all = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : Uint8Array.from(part)));
  const out = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** Streams, by what is odd about them. */
export const BODIES = [
  ['one line', 'data: hello\n\n'],
  ['several lines are joined', 'data: a\ndata:\ndata:  b\ndata\n\n'],
  ['only data without a value', 'data\n\ndata\ndata\n\ndata:'],
  ['one space after the colon goes', 'data:test\n\ndata: test\n\ndata:  test\n\ndata:\ttest\n\n'],
  ['LF, CR and CRLF', 'data: a\r\rdata: b\r\n\r\ndata: c\n\ndata: d\r\n\ndata: e\n\r\n'],
  ['CR CR LF LF', 'data: a\rdata: b\r\ndata: c\n\n'],
  ['comments', ': one\ndata: a\n:\n:two\ndata: b\n::\n\n'],
  ['a long comment', `:${'x'.repeat(3_000)}\ndata: a\n:${'y'.repeat(3_000)}\n\n`],
  ['unknown fields', 'data: a\n data: b\nDATA: c\ndata : d\nfoo: e\nfoo\n\n'],
  ['no data, no event', 'event: named\n\nid: 1\nevent: named\n\ndata: a\n\n'],
  ['the type is forgotten', 'event: named\n\ndata: a\n\nevent: named\ndata: b\n\n'],
  ['the last type counts, an empty one is message', 'event: named\nevent: message\ndata: a\n\nevent: named\nevent\ndata: b\n\nevent: named\nevent: \ndata: c\n\n'],
  ['a type keeps its spaces and its case', 'event:  named\ndata: a\n\nevent: Named\ndata: b\n\nevent: named \ndata: c\n\n'],
  ['ids stick', 'id: 1\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\nid\ndata: d\n\ndata: e\n\n'],
  ['an id with NUL is none', 'id: 1\ndata: a\n\nid: 2\u00003\ndata: b\n\nid: \u0000\ndata: c\n\n'],
  ['of two ids the last counts, unless it has NUL', 'id: 1\nid: 2\ndata: a\n\nid: 3\nid: 4\u0000\ndata: b\n\n'],
  ['NUL elsewhere', 'data: a\u0000b\n\nevent: named\u0000\ndata: c\n\ndata\u0000: d\n\ndata: e\n\n'],
  ['a byte order mark is dropped once', bytes([0xef, 0xbb, 0xbf], 'data: a\n\n', [0xef, 0xbb, 0xbf], 'data: b\n\ndata: c\n\n')],
  ['two byte order marks', bytes([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], 'data: a\n\ndata: b\n\n')],
  ['half a byte order mark', bytes([0xef, 0xbb], 'data: a\n\ndata: b\n\n')],
  ['bytes that are no UTF-8', bytes('data: a', [0xff, 0xc3, 0x28, 0xf0, 0x9f, 0x98], 'b\nid: ', [0xc0, 0x80], '\n\n')],
  ['all of Unicode', 'event: named\nid: ŧ𝄞\ndata: naïve — 日本語 😀\u2028\u2029\u0085\n\n'],
  ['reconnection times', 'retry: 150\nretry: -1\nretry: 1e3\nretry: 0x10\nretry:  200\nretry\nretry:\nretry: 20s\ndata: a\n\n'],
  ['the last event is not finished', 'data: a\n\ndata: b\n'],
  ['the last line is not finished', 'data: a\n\ndata: b\n\ndata'],
  ['blank lines alone', '\n\r\n\r\n\r\r\n\n'],
  ['nothing', ''],
].map(([name, body]) => ({ name, body }));

/** Content types. Null: none is sent. */
export const TYPES = [
  'text/event-stream',
  'Text/Event-Stream',
  'text/event-stream;charset=utf-8',
  'text/event-stream; charset=UTF-8',
  'text/event-stream;charset=Utf-8',
  'text/event-stream;',
  'text/event-stream ; odd',
  'text/event-stream;x="a;b"',
  'text/event-stream;charset=windows-1252',
  'text/event-streams',
  'text/event-stream-not',
  'text/ event-stream',
  'text/plain',
  'text/html',
  'application/octet-stream',
  'application/json, text/event-stream',
  'text/event-stream, text/html',
  'bogus',
  '',
  null,
];

export const STATUSES = [201, 202, 204, 205, 206, 210, 299, 300, 304, 305, 400, 401, 403, 404, 410, 418, 429, 451, 500, 502, 503, 504, 599];
