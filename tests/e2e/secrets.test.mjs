// A token that fails in every way there is, and what is then said of it anywhere.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Blank } from './blank.mjs';
import { until } from './server.mjs';
import { browser, server, stage } from './stage.mjs';
import { launch } from './visit.mjs';

/** No form of it, in a URL or in JSON, is without the middle. */
const TOKEN = '+/ "sEcReTtOkEn" é=';
const MARK = 'sEcReTtOkEn';

const SYSTEMS = {
  dashtam: { path: '/api/v1/events', inUrl: false, carries: ({ headers }) => JSON.stringify(headers) },
  cortex: { path: '/v1/user/ada', inUrl: true, carries: ({ query }) => query },
};

stage(launch);

let context;
let blank;
/** Whatever a person could read: the console, uncaught errors, and what the application is told. */
let said;

beforeEach(async () => {
  said = [];
  context = await browser.newContext();
  await context.exposeFunction('say', (what) => said.push(what));
  blank = await Blank.open(context, server.url);
  blank.page.on('console', (message) => said.push(message.text()));
  blank.page.on('pageerror', (error) => said.push(`${error.message} ${error.stack}`));
});
afterEach(() => context.close());

/** In the page: one stream, all of whose news, errors and end are said aloud. Gives the codes of its failures. */
async function tellAll({ url, profile, token, way = 'asked', options, change }) {
  const { connect, sessionStore } = await import('/pkg/dist/index.js');
  const profiles = await import('/pkg/dist/profiles/index.js');
  const codes = [];
  const told = [];
  const deep = (value) => {
    if (value instanceof Error) {
      if (value.code) codes.push(value.code);
      return [String(value), value.stack, deep(value.cause), Object.entries(value).map(deep)];
    }
    if (Array.isArray(value)) return value.map(deep);
    return value !== null && typeof value === 'object' ? Object.entries(value).map(deep) : String(value);
  };
  const tell = (...what) => {
    const text = JSON.stringify(deep(what));
    told.push(window.say(text));
    console.log(text);
  };
  const give = {
    given: token,
    asked: () => token,
    thrown() {
      throw new Error(`no ${token} any more`);
    },
    rejected: () => Promise.reject(token),
    'not fit for a header': () => `${token}\n${token}`,
  };
  const stream = connect(url, {
    profile: profiles[profile],
    store: profile === 'dashtam' ? sessionStore() : undefined,
    reconnect: { maxAttempts: 2, minDelay: 1, maxDelay: 2 },
    ...options,
    token: give[way],
  });
  window.stream = stream;
  for (const type of ['open', 'state', 'resumed', 'gap', 'decodeerror', 'error']) {
    stream.addEventListener(type, ({ detail }) => tell(type, detail));
  }
  if (change) {
    stream.addEventListener('open', () => {
      const done = () => stream.close();
      stream.setFilter(change).catch((error) => tell('refused', error)).then(done);
    }, { once: true });
  }
  try {
    for await (const event of stream) {
      tell('event', event);
      if (options.buffer) await stream.closed;
    }
  } catch (error) {
    tell('thrown', error);
  }
  tell('closed', await stream.closed, stream, JSON.stringify(stream), stream.stats, stream.lastEventId);
  await Promise.all(told);
  return { codes: [...new Set(codes)], stored: JSON.stringify({ ...sessionStorage }) };
}

function expectSilence() {
  const loud = said.filter((text) => text.includes(MARK));
  assert.deepEqual(loud, [], 'the token was told');
}

const names = { dashtam: 'security.login.failed', cortex: 'message_received' };
const frame = (system, id, data) => `event: ${names[system]}\nid: ${id}\ndata: ${data}\n\n`;
const echo = `you sent ${TOKEN}, which is ${encodeURIComponent(TOKEN)}, or ${new URLSearchParams({ '': TOKEN })}`;

/** What goes wrong: what the server does, and which code the failure has. */
const FAULTS = {
  'a refusal that echoes it': { steps: [{ status: 403 }, { write: echo }], code: 'status' },
  'a 401 that echoes it': { steps: [{ status: 401 }, { write: echo }], code: 'status' },
  'a busy server that echoes it': { steps: [{ status: 503 }, { write: echo }], code: 'status' },
  'a refused connection': { steps: [{ refuse: true }], code: 'network' },
  'a connection that is reset': { steps: [{ write: ':\n\n' }, { pause_ms: 50 }, { end: 'rst' }], code: 'network' },
  'another content type': {
    steps: [{ status: 200, headers: { 'content-type': 'text/html' } }, { write: `<p>${echo}</p>` }],
    code: 'content-type',
  },
  'a redirect to an address with it': {
    steps: (_, base) => [{ status: 307, headers: { location: `${base}/plain?${new URLSearchParams({ was: TOKEN })}` } }],
    code: 'status',
    after: { path: '/plain', steps: [{ status: 404 }, { write: echo }] },
  },
  'an end that should not be': { steps: [{ write: ':\n\n' }], code: 'ended' },
  'no head': { steps: [{ pause_ms: 1500 }, { status: 200 }], options: { connectTimeout: 100 }, code: 'timeout' },
  silence: { steps: [{ write: ':\n\n' }, { stall: true }], options: { staleAfter: 100 }, code: 'stale' },
  'an event without end': {
    steps: [{ write: 'data: ' }, { repeat: { text: 'x', bytes: 5000 } }, { stall: true }],
    options: { maxEventBytes: 1000 },
    code: 'too-large',
  },
  'a payload that is no JSON': {
    // What is not read before the reset is lost with it: a busy page has a second.
    steps: (system) => [{ write: frame(system, 1, '{"reason": nothing}') }, { pause_ms: 1_000 }, { end: 'rst' }],
    options: { reconnect: false },
    code: 'decode',
  },
  'a filter that is refused': {
    steps: [{ write: ':\n\n' }, { stall: true }],
    after: { steps: [{ status: 422 }, { write: echo }] },
    change: { dashtam: { categories: ['security', 'provider'] } },
    options: { categories: ['security'] },
    code: 'filter',
    only: 'dashtam',
  },
  'a slow consumer': {
    steps: (system) => [1, 2, 3, 4].flatMap((id) => [{ write: frame(system, id, '{}') }, { pause_ms: 50 }]),
    options: { buffer: { events: 1, overflow: 'close' } },
    code: 'slow-consumer',
  },
};

for (const system of Object.keys(SYSTEMS)) {
  test(`a token is in no error, event, log or store, whatever goes wrong: ${system}`, async (t) => {
    const { path, carries } = SYSTEMS[system];
    for (const [fault, { steps, code, after, options = {}, change, only }] of Object.entries(FAULTS)) {
      if (only && only !== system) continue;
      const script = typeof steps === 'function' ? steps(system, blank.base) : steps;
      await blank.control.reset();
      if (after) {
        await blank.control.script('GET', path, script);
        await blank.control.script('GET', after.path ?? path, after.steps, 0);
      } else {
        await blank.control.script('GET', path, script, 0);
      }
      const { codes, stored } = await blank.page.evaluate(tellAll, {
        url: `${blank.base}${path}`,
        profile: system,
        token: TOKEN,
        options,
        change: change?.[system],
      });
      assert.ok(codes.includes(code), `${fault}: ${codes}`);
      const requests = await blank.control.requests(path);
      assert.ok(requests.length > 0 && requests.every((request) => carries(request).includes(MARK)), `${fault}: it was sent`);
      assert.ok(!stored.includes(MARK), stored);
      expectSilence();
    }
    t.diagnostic(`${said.length} texts read`);
  });
}

test('a token that is thrown, rejected with or unfit to be sent is not told', async () => {
  const ways = { thrown: 'token', rejected: 'token', 'not fit for a header': 'unsupported', given: 'status' };
  for (const [way, code] of Object.entries(ways)) {
    await blank.control.reset();
    await blank.control.script('GET', SYSTEMS.dashtam.path, [{ status: 403 }, { write: echo }], 0);
    const { codes, stored } = await blank.page.evaluate(tellAll, {
      url: `${blank.base}${SYSTEMS.dashtam.path}`,
      profile: 'dashtam',
      token: TOKEN,
      way,
      options: {},
    });
    assert.ok(codes.includes(code), `${way}: ${codes}`);
    assert.ok(!stored.includes(MARK), stored);
    expectSilence();
  }
});

/** In the page: overwrites all of the module's memory but what has the mark in it. Gives how often that was. */
function spoilMemory(mark) {
  const bytes = new Uint8Array(window.memory.buffer);
  const sought = new TextEncoder().encode(mark);
  let found = 0;
  let kept = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === sought[0] && sought.every((byte, nth) => bytes[at + nth] === byte)) {
      found += 1;
      kept = at + 64;
    }
    if (at >= kept) bytes[at] = 0xff;
  }
  return found;
}

for (const system of Object.keys(SYSTEMS)) {
  test(`a module that breaks down with a token in its memory does not tell it: ${system}`, async () => {
    const { path, inUrl } = SYSTEMS[system];
    await blank.control.script('GET', path, [{ write: frame(system, 1, '{}') }, { stall: true }]);
    const told = blank.page.evaluate(tellAll, { url: `${blank.base}${path}`, profile: system, token: TOKEN, options: {} });
    await blank.page.waitForFunction(() => window.stream?.stats.delivered === 1);
    const found = await blank.page.evaluate(spoilMemory, MARK);
    // One that goes by a header never enters it; a URL comes back with the response's head.
    assert.equal(found > 0, inUrl, `${found} times in the module's memory`);
    // The next thing that happens to the connection happens in a broken module.
    await blank.control.cut(path, 'rst');
    const { codes, stored } = await told;
    assert.deepEqual(codes, ['trap']);
    assert.equal(await blank.page.evaluate(async () => (await window.stream.closed).reason), 'interrupted');
    await until('the trap to be told', () => said.some((text) => text.includes('broke down')));
    assert.ok(!stored.includes(MARK), stored);
    expectSilence();
  });
}
