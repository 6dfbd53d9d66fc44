// Every piece of code in the documentation compiles; every one in the guides also runs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { answer, scriptedFetch, until } from './scripted.mjs';
import { compile, project, run, snippets } from './snippets.mjs';

let home;
let all;

before(async () => {
  [home, all] = await Promise.all([project(), snippets()]);
});
after(() => home?.remove());

test('every piece of code in the documentation compiles, in strict TypeScript', compiled);

test('a piece of code that is wrong would be found', async () => {
  const wrong = ["import { connect } from 'tidewire';\nconnect('/', { catagories: [] });\n"];
  const found = await compile(home, wrong.map((text) => ({ page: 'wrong.md', line: 1, text })));
  assert.match(found, /wrong-1\.ts\(2,.*catagories/);
});

async function compiled() {
  assert.ok(all.length >= 30, `${all.length} were found`);
  assert.equal(await compile(home, all), '');
  console.log(`# ${all.length} pieces of code compiled`);
}

const price = 'event: price\nid: 7\ndata: {"symbol": "A", "price": "1.5"}\n\n';
const parsed = { symbol: 'A', price: '1.5' };
const text = '{"symbol": "A", "price": "1.5"}';

/** What the pieces of code in a guide are run against, in their order, and what must come of it. */
const RUNS = {
  'from-eventsource': [
    {
      answers: [streaming(price)],
      shows: [[parsed]],
      asks: ['https://app.example/prices'],
      sends: { authorization: 'Bearer abc' },
    },
    { answers: [streaming(price)], shows: [[parsed]], asks: ['https://app.example/prices'] },
  ],
  'from-fetch-event-source': [
    {
      answers: [answer([price])],
      shows: [['price', parsed]],
      // To the plain profile a POST's end is no more than that.
      asks: ['https://app.example/api/answer'],
      sends: { authorization: 'Bearer abc', 'content-type': 'application/json' },
    },
    {
      answers: [answer([], { status: 503 })],
      shows: [[/answered 503/, false], ['exhausted', 503]],
    },
  ],
  'from-npm-eventsource': [
    { answers: [streaming(price)], shows: [[text]], sends: { authorization: 'Bearer abc' } },
    {
      answers: [streaming('data: one\n\n')],
      shows: [['one']],
      sends: { authorization: 'Bearer fresh' },
    },
  ],
  auth: [
    {
      answers: [answer([], { status: 401 }), streaming(price)],
      shows: [[text]],
      sends: { authorization: 'Bearer fresh' },
    },
    {
      answers: [streaming(price)],
      shows: [[text]],
      asks: ['https://api.example/prices'],
      init: { credentials: 'include' },
    },
    {
      answers: [streaming('event: quote\ndata: {"price": "2"}\n\n')],
      shows: [['2']],
      sends: { 'x-api-key': 'abc' },
    },
    {
      answers: [answer([], { status: 401 }), answer([], { status: 401 })],
      shows: [['sign in']],
    },
  ],
  'post-and-chat': [
    {
      answers: [
        answer([
          'event: chat_completion_chunk\ndata: {"stage_id": "s", "chunk": {"choices": [{"delta": {"content": "Hi"}}]}}\n\n',
          'event: done\ndata: {"stage_id": "s"}\n\n',
        ]),
      ],
      shows: [['Hi']],
    },
    {
      answers: [
        answer(['data: {"type": "chunk", "content": "Well"}\n\n', 'data: [DONE]\n\n']),
      ],
      shows: [['Well']],
    },
    {
      answers: [answer(['data: {"type": "chunk", "content": "We"}\n\n'], { end: 'error' })],
      shows: [['We', '(interrupted)']],
    },
    {
      answers: [
        answer([
          'data: {"choices": [{"delta": {"content": "Hel"}}]}\n\n',
          'data: {"choices": [{"delta": {"content": "lo"}}]}\n\ndata: [DONE]\n\n',
        ]),
      ],
      shows: [['Hello']],
      init: { method: 'POST' },
    },
  ],
  'own-events': [
    {
      answers: [
        streaming(
          'event: order.shipped\ndata: {"order": "1", "carrier": "post"}\n\n',
          'event: stock.low\ndata: {"item": "pen", "left": 2}\n\n',
          'event: order.lost\ndata: {}\n\n',
        ),
      ],
      shows: [['post'], ['pen'], ['order.lost']],
    },
    {
      answers: [streaming('data: {"kind": "moved", "at": 7, "body": {"x": 1}}\n\n')],
      shows: [[1, 7]],
    },
  ],
  validate: [
    {
      answers: [
        streaming(
          'event: sync.accounts.completed\ndata: {"connection_id": "c", "account_count": "3"}\n\n',
          'event: sync.accounts.completed\ndata: {"connection_id": "c", "account_count": 3}\n\n',
        ),
      ],
      shows: [
        ['sync.accounts.completed', '$.account_count', 'a whole number, 0 or more', '"3"'],
        [{ connection_id: 'c', account_count: 3 }],
      ],
    },
  ],
  filters: [
    {
      answers: [
        streaming(
          'event: sync.holdings.completed\ndata: {}\n\n',
          'event: sync.accounts.completed\ndata: {"connection_id": "c", "account_count": 3}\n\n',
        ),
      ],
      shows: [[3]],
    },
    {
      answers: [
        streaming(
          'event: import.started\ndata: {}\n\n',
          'event: security.session.new\ndata: {}\n\n',
        ),
      ],
      shows: [['security.session.new']],
      asks: ['https://app.example/api/v1/events?categories=portfolio,security'],
    },
    {
      answers: [
        streaming('event: import.progress\ndata: {"progress_percent": 40}\n\n'),
        streaming(
          'event: import.progress\ndata: {"progress_percent": 40}\n\n',
          'event: portfolio.balance.updated\ndata: {}\n\n',
        ),
      ],
      shows: [[40], ['portfolio.balance.updated']],
    },
  ],
  reliability: [
    {
      answers: [
        answer([
          'retry: 1\nid: 1\nevent: portfolio.balance.updated\n',
          'data: {"account_id": "a", "new_balance": "5"}\n\n',
        ]),
        streaming(': again\n\n'),
      ],
      shows: [['a', '5'], ['refetched']],
    },
    {
      answers: [streaming(price), answer([], { status: 404 })],
      after: ({ opened }) => opened[0].reconnect(),
      shows: [
        ['open'],
        [text],
        ['connecting'],
        ['closed'],
        ['rejected', 404, /answered 404/],
      ],
    },
    {
      answers: [streaming('id: 1\nevent: import.started\ndata: {"file_name": "f"}\n\n')],
      shows: [['saved', { file_name: 'f' }]],
    },
  ],
  cors: [
    { answers: [new TypeError('Failed to fetch')], shows: [[/another origin/]] },
  ],
  csp: [
    { answers: [streaming(price), answer([], { status: 204 })], shows: [[text]] },
  ],
};

for (const [guide, cases] of Object.entries(RUNS)) {
  cases.forEach((expected, index) => {
    test(`piece of code ${index + 1} of docs/${guide}.md runs as it stands`, () => {
      return ran(guide, index, cases.length, expected);
    });
  });
}

async function ran(guide, index, count, { answers, shows, asks, sends, init, after }) {
  const own = all.filter(({ page }) => page === `docs/${guide}.md`);
  assert.equal(own.length, count, 'each piece of code of the guide has its case');
  const shown = [];
  const fetch = scriptedFetch(...answers);
  const running = await run(home, own[index], {
    fetch,
    show: (...what) => shown.push(what),
    refetch: () => shown.push(['refetched']),
    signIn: () => shown.push(['sign in']),
    save: async (data) => shown.push(['saved', data]),
    fetchToken: async () => 'fresh',
  });
  try {
    if (after) {
      await until(() => shown.length >= 2, 'the stream is open');
      after(running);
    }
    const enough = until(
      () => shown.length >= shows.length,
      `${JSON.stringify(shows)} is shown, and not ${JSON.stringify(shown)}`,
    );
    // A module that fails says why; one that waits for events is never done.
    await Promise.race([enough, running.done.then(() => enough)]);
    assert.equal(shown.length, shows.length, JSON.stringify(shown));
    shows.flat().forEach((wanted, at) => {
      const found = shown.flat()[at];
      if (wanted instanceof RegExp) assert.match(found, wanted);
      else assert.deepEqual(found, wanted);
    });
    if (asks) assert.deepEqual(fetch.calls.map(({ url }) => url), asks);
    for (const [name, value] of Object.entries(sends ?? {})) {
      assert.equal(fetch.calls[0].headers.get(name), value, name);
    }
    for (const [name, value] of Object.entries(init ?? {})) {
      assert.equal(fetch.calls[0].init[name], value, name);
    }
  } finally {
    await running.end();
  }
}

function streaming(...chunks) {
  return answer(chunks, { end: 'open' });
}
