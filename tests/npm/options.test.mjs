// Each bad option is refused at once, by name, with what is allowed.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as builtInProfiles from '../../pkg/dist/profiles/index.js';
import { connect, defineProfile, sessionStore } from '../../pkg/dist/index.js';
import {
  cortex,
  dashtam,
  hive,
  plain,
  stageChat,
  stockAgent,
} from '../../pkg/dist/profiles/index.js';

const URL_ = 'http://test.example/events';
const cyclic = {};
cyclic.self = cyclic;

/** Options, and the message that they must be refused with. */
const REFUSED = [
  [
    { catagories: [] },
    /^unknown option 'catagories' \(did you mean 'categories'\?\)\. Allowed: profile, categories, types, token, .*, pauseWhenHidden$/,
  ],
  [
    { validate: true },
    "validate must be the validator of 'tidewire/validate', or false, not true",
  ],
  [{ share: 1 }, 'share must be true or false, not 1'],
  [{ share: true, body: {} }, 'share: a POST is sent once, and has an answer of its own'],
  [
    { store: {} },
    'store must be sessionStore(), or an object with functions get and set, not {}',
  ],
  [{ store: sessionStore(), profile: hive }, 'store: a request to hive cannot be told where to go on'],
  [{ store: sessionStore(), body: {} }, 'store: a POST cannot be told where to go on'],
  [{ pauseWhenHidden: 'yes' }, 'pauseWhenHidden must be true or false, not "yes"'],
  [
    { idempotencyKey: 'a key', body: {} },
    'idempotencyKey must be true, or 1 to 255 visible ASCII characters, not "a key"',
  ],
  [{ idempotencyKey: true }, 'idempotencyKey: a GET needs none'],
  [
    { profile: 'dashtam' },
    'profile must be a profile of \'tidewire/profiles\' or defineProfile, not "dashtam"',
  ],
  [
    { profile: dashtam, categories: ['data-sync'] },
    "categories: dashtam has no category 'data-sync' (did you mean 'data_sync'?). Allowed: data_sync, provider, ai, import, portfolio, security",
  ],
  [{ categories: 'data_sync' }, 'categories must be a list of names, not "data_sync"'],
  [
    { profile: dashtam, types: ['sync.acounts.started'] },
    "types: dashtam has no event type 'sync.acounts.started' (did you mean 'sync.accounts.started'?)",
  ],
  [
    { profile: dashtam, types: ['synch.*'] },
    "types: dashtam has no event type that matches 'synch.*'",
  ],
  [{ types: [1] }, 'types must be a list of names, not [1]'],
  [{ token: 7 }, 'token must be text, null or a function, not 7'],
  [{ transport: 'websocket' }, "transport must be 'fetch' or 'eventsource', not \"websocket\""],
  [{ method: 'TRACE' }, 'method must be an HTTP method whose answer has a body, not "TRACE"'],
  [
    { headers: 7 },
    /^headers must be an object of text, a Headers, or a function that returns one/,
  ],
  [
    { headers: { 'no good': 'x' } },
    /^headers must be an object of text, a Headers, or a function that returns one \(.*no good.*\)/,
  ],
  [
    { query: { a: {} } },
    'query must be an object of text, numbers, booleans, and lists of them, or a URLSearchParams, not {"a":{}}',
  ],
  [{ method: 'GET', body: {} }, "body: a GET has none; use method 'POST'"],
  [{ body: cyclic }, /^body cannot be written as JSON: .*circular/],
  [
    { body: new Map() },
    /^body must be a plain object or a list \(sent as JSON\), text, a Blob, an ArrayBuffer, a FormData or a URLSearchParams, not \{\}$/,
  ],
  [{ body: new ReadableStream() }, /not a stream$/],
  [{ credentials: 'all' }, "credentials must be 'omit', 'same-origin' or 'include', not \"all\""],
  [{ lastEventId: 7 }, 'lastEventId must be text without NUL and line breaks, not 7'],
  [{ lastEventId: 'a\nb' }, 'lastEventId must be text without NUL and line breaks, not "a\\nb"'],
  [{ signal: {} }, 'signal must be an AbortSignal, not {}'],
  [{ fetch: 'fetch' }, 'fetch must be a function, not "fetch"'],
  [
    { connectTimeout: '5s' },
    'connectTimeout must be a number of milliseconds from 0, not "5s"',
  ],
  [{ staleAfter: -1 }, 'staleAfter must be a number of milliseconds from 0, not -1'],
  [
    { maxEventBytes: 0 },
    'maxEventBytes must be a whole number from 1 to 2147483647, not 0',
  ],
  [
    { reconnect: true },
    'reconnect must be false or { minDelay, maxDelay, factor, jitter, maxAttempts, when }, not true',
  ],
  [
    { reconnect: { retries: 3 } },
    "unknown option 'reconnect.retries'. Allowed: minDelay, maxDelay, factor, jitter, maxAttempts, when",
  ],
  [{ reconnect: { factor: 0.5 } }, 'reconnect.factor must be a number from 1, not 0.5'],
  [{ reconnect: { jitter: 'full' } }, 'reconnect.jitter must be true or false, not "full"'],
  [
    { reconnect: { maxAttempts: 0 } },
    'reconnect.maxAttempts must be a whole number from 1 to Infinity, not 0',
  ],
  [{ reconnect: { when: true } }, 'reconnect.when must be a function, not true'],
  [
    { reconnect: { minDelay: 10, maxDelay: 5 } },
    'reconnect.minDelay must be at most maxDelay (5), not 10',
  ],
  [{ method: 'POST', reconnect: {} }, 'reconnect: a POST is sent once. Allowed: false'],
  [
    { profile: stockAgent, reconnect: {} },
    'reconnect: a POST is sent once. Allowed: false',
  ],
  [{ buffer: 5 }, 'buffer must be { events, bytes, overflow }, not 5'],
  [{ buffer: { events: 0 } }, 'buffer.events must be a whole number from 1 to Infinity, not 0'],
  [
    { buffer: { overflow: 'block' } },
    "buffer.overflow must be 'pause', 'drop' or 'close', not \"block\"",
  ],
  [
    { buffer: { overflow: 'drop' } },
    "buffer.overflow: plain calls no event droppable. Allowed: 'pause', 'close'",
  ],
  [
    { transport: 'eventsource', buffer: { overflow: 'pause' } },
    "buffer.overflow: EventSource cannot pause; use transport 'fetch'",
  ],
  [
    { transport: 'eventsource', store: sessionStore() },
    "store: EventSource cannot be told where to go on; use transport 'fetch'",
  ],
  [{ parse: true }, "parse must be 'eager', 'lazy' or 'text', not true"],
  [
    { transport: 'eventsource', headers: {} },
    "headers: EventSource cannot send headers; use transport 'fetch'",
  ],
  [
    { transport: 'eventsource', body: {} },
    "body: EventSource cannot send a body; use transport 'fetch'",
  ],
  [
    { transport: 'eventsource', method: 'POST' },
    "method: EventSource cannot send a POST; use transport 'fetch'",
  ],
  [
    { transport: 'eventsource', profile: stageChat },
    "profile: EventSource cannot send a POST; use transport 'fetch'",
  ],
  [
    { transport: 'eventsource', profile: dashtam, token: 'x' },
    "token: EventSource cannot send it in a header; use transport 'fetch'",
  ],
  [
    { transport: 'eventsource', fetch },
    "fetch: EventSource cannot use a function; use transport 'fetch'",
  ],
  [
    { transport: 'eventsource', credentials: 'omit' },
    "credentials: EventSource cannot omit them; use transport 'fetch'",
  ],
  [
    { transport: 'eventsource', lastEventId: '1' },
    "lastEventId: EventSource cannot be told where to go on; use transport 'fetch'",
  ],
];

for (const [options, message] of REFUSED) {
  let name;
  try {
    name = JSON.stringify(options, (_, value) => (value?.definition ? value.name : value));
  } catch {
    name = 'a body that is cyclic';
  }
  test(`${name} is refused`, () => {
    assert.throws(() => connect(URL_, options), { name: 'TypeError', message });
  });
}

test('the built-in profiles, which nobody checks at run time, are sound', () => {
  const builtIn = Object.values(builtInProfiles).filter(({ definition }) => definition);
  assert.equal(builtIn.length, 6);
  for (const { definition } of builtIn) {
    assert.equal(defineProfile(definition).definition, definition);
  }
});

test('options that are no object are refused', () => {
  assert.throws(() => connect(URL_, 'dashtam'), {
    name: 'TypeError',
    message: 'connect: options must be an object, not "dashtam"',
  });
});

test('an address that is none is refused, with the reason', () => {
  const refused = (url, message) =>
    assert.throws(() => connect(url), { name: 'TypeError', message });
  refused(
    '/events',
    'url must be an absolute URL, not "/events"',
  );
  refused('ws://test.example/', 'url must begin with http: or https:, not ws:');
  refused(7, 'url must be text or a URL, not 7');
});

test('an option that is undefined is as if it were left out', () => {
  const names = [
    'profile',
    'categories',
    'types',
    'token',
    'transport',
    'method',
    'headers',
    'query',
    'body',
    'credentials',
    'lastEventId',
    'signal',
    'fetch',
    'connectTimeout',
    'staleAfter',
    'maxEventBytes',
    'reconnect',
    'buffer',
    'parse',
    'idempotencyKey',
    'store',
    'share',
    'pauseWhenHidden',
  ];
  connect(URL_, Object.fromEntries(names.map((name) => [name, undefined]))).close();
});

test('a token in the URL may go by EventSource, where the profile wants it there', () => {
  connect(URL_, { profile: cortex, transport: 'eventsource', token: 'x' }).close();
});

test('a handler for a type that the profile does not have is refused, and an open profile has any', () => {
  const closed = connect(URL_, { profile: hive });
  assert.throws(() => closed.on('llm_text_dleta', () => {}), {
    name: 'TypeError',
    message: "on: hive has no event type 'llm_text_dleta' (did you mean 'llm_text_delta'?)",
  });
  assert.throws(() => closed.onCategory('lmm', () => {}), /hive has no category 'lmm'/);
  assert.throws(() => closed.on('llm_text_delta'), /a handler must be a function/);
  closed.close();
  const open = connect(URL_, { profile: plain });
  open.on('anything', () => {});
  open.close();
});

const PROFILES = [
  ['prices', 'defineProfile: an object is needed, not "prices"'],
  [{ categories: {} }, "defineProfile('undefined'): name is missing"],
  [{ name: 'p' }, "defineProfile('p'): categories is missing"],
  [
    { name: 'p', categories: {}, terminl: [] },
    /^defineProfile\('p'\): unknown member 'terminl' \(did you mean 'terminal'\?\)\. Allowed: name, /,
  ],
  [
    { name: 'p', categories: { a: 'x' } },
    /^defineProfile\('p'\): categories must be an object of category names, each with a list of event types/,
  ],
  [{ name: 'p', categories: { a: ['x\ty'] } }, /categories must be/],
  [
    { name: 'p', categories: { a: ['x'], b: ['x'] } },
    "defineProfile('p'): two events are called 'x'",
  ],
  [
    { name: 'p', categories: { a: ['unknown'] } },
    "defineProfile('p'): 'unknown' is the type of events that no profile knows",
  ],
  [
    { name: 'p', categories: { a: ['tick'] }, critical: ['tik'] },
    "defineProfile('p'): critical names 'tik', which is in no category (did you mean 'tick'?)",
  ],
  [
    { name: 'p', categories: { a: ['x'] }, aliases: { y: 'z' } },
    "defineProfile('p'): aliases names 'z', which is in no category",
  ],
  [
    { name: 'p', categories: { a: ['x'] }, discriminator: 'type' },
    "defineProfile('p'): discriminator must be 'event', 'none' or { field: a name }, not \"type\"",
  ],
  [
    { name: 'p', categories: { a: ['x'] }, heartbeat: 15 },
    "defineProfile('p'): heartbeat must be { comment: milliseconds } or { event: milliseconds }, not 15",
  ],
  [
    { name: 'p', categories: { a: ['x'] }, filter: { by: 'name' } },
    /filter must be \{ by: 'categories' \| 'types', parameter/,
  ],
  [
    { name: 'p', categories: { a: ['x'] }, gone: ['404'] },
    'defineProfile(\'p\'): gone must be a list of HTTP statuses, not ["404"]',
  ],
  [
    { name: 'p', categories: {}, discriminator: 'none' },
    "defineProfile('p'): without a discriminator, one event type is needed",
  ],
];

for (const [definition, message] of PROFILES) {
  test(`the profile ${JSON.stringify(definition)} is refused`, () => {
    assert.throws(() => defineProfile(definition), { name: 'TypeError', message });
  });
}
