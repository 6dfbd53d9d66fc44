// The life of a connection through the package: what the state machine does in virtual time is
// done here by the real module, over answers that are steered by hand.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connect, defineProfile } from '../../pkg/dist/index.js';
import { cortex, dashtam, hive, plain, stockAgent } from '../../pkg/dist/profiles/index.js';
import { news, settled, steeredFetch, until } from './scripted.mjs';

const url = 'http://test.example/events';
/** What hangs has failed. */
const limit = { timeout: 15_000 };
const soon = { minDelay: 1, maxDelay: 20 };

/** A stream that is listened to: its first call is open, and all that came of it is noted. */
async function life(options) {
  const fetch = steeredFetch();
  const stream = connect(url, {
    fetch,
    ...(options.profile !== stockAgent && { reconnect: soon }),
    ...options,
  });
  const heard = [];
  const told = [];
  stream.on('*', (event) => heard.push(event));
  for (const type of ['resumed', 'gap', 'error']) {
    stream.addEventListener(type, ({ detail }) => told.push({ type, at: heard.length, ...detail }));
  }
  const first = await fetch.opened(0);
  const returns = () => told.filter(({ type }) => type === 'resumed');
  return { stream, fetch, heard, told, returns, first };
}

/** Lets this many milliseconds pass: for what the module does by the clock alone. */
const pass = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const failed = (id) =>
  `id: ${id}\nevent: import.failed\ndata: {"file_name": "${id}", "error": ""}\n\n`;
const login = (id) => `id: ${id}\nevent: security.login.failed\ndata: {"reason": "${id}"}\n\n`;
const hiveEvent = (type, second, more = '') =>
  `data: {"type": "${type}", "data": {"content": "${second}"}, "timestamp": "19:30:${second}"${more}}\n\n`;

async function refuse({ fetch: { calls } }, status) {
  await calls[0].open(status);
  await calls[0].end();
}

test('a one-shot is sent once, whatever comes of it', limit, async () => {
  for (const [reason, happens] of [
    ['rejected', (all) => refuse(all, 401)],
    ['rejected', (all) => refuse(all, 503)],
    [
      'interrupted',
      async ({ fetch, stream }) => {
        const first = await fetch.opened(0);
        await first.send('data: {"type": "status", "status": "analyzing"}\n\n');
        stream.reconnect();
        await stream.setFilter({ types: ['status'] });
        await stream.setFilter({});
        await first.send('data: {"type": "chunk", "content": "a"}\n\n');
        await first.cut();
      },
    ],
  ]) {
    const fetch = steeredFetch();
    const stream = connect(url, { profile: stockAgent, token: () => 'secret', fetch });
    const { closed } = stream;
    const types = [];
    stream.on('*', ({ type }) => types.push(type));
    await until(() => fetch.calls.length === 1, 'it is sent');
    await happens({ fetch, stream });
    assert.equal((await closed).reason, reason);
    await pass(50);
    assert.equal(fetch.calls.length, 1, reason);
    assert.deepEqual(types, reason === 'interrupted' ? ['status', 'chunk'] : []);
  }
});

test('a one-shot whose request fails is not sent again', limit, async () => {
  let calls = 0;
  const fetch = async () => {
    calls += 1;
    throw new TypeError('no route');
  };
  const stream = connect(url, { profile: stockAgent, fetch });
  stream.on('*', () => {});
  const { reason, error } = await stream.closed;
  assert.deepEqual([reason, calls], ['exhausted', 1]);
  assert.match(error.message, /no route/);
});

test(
  'what comes again is delivered once: by its id, by its message, under two names',
  limit,
  async () => {
    const message = (name, id) =>
      `event: ${name}\ndata: {"id": "${id}", "content": "", "role": ""}\n\n`;
    for (const [profile, events, ids] of [
      [dashtam, [failed('a'), failed('b'), failed('a'), failed('c')], ['a', 'b', 'c']],
      [
        cortex,
        [
          message('message_received', 'm'),
          message('message_received', 'm'),
          message('conversation.message_received', 'm'),
          message('conversation.message_received', 'n'),
        ],
        ['m', 'n'],
      ],
    ]) {
      const { stream, heard, first } = await life({ profile });
      await first.send(...events);
      assert.deepEqual(
        heard.map(({ data }) => data.file_name ?? data.id),
        ids,
      );
      assert.equal(stream.stats.duplicates, events.length - ids.length);
      stream.close();
    }
  },
);

test('of more events than are remembered the oldest are forgotten first', limit, async () => {
  const { stream, heard, first } = await life({ profile: dashtam });
  const remembered = 4_096;
  await first.send(...Array.from({ length: remembered + 1 }, (_, n) => failed(n)));
  await until(() => heard.length === remembered + 1, 'all are there');
  await first.send(failed(1));
  assert.equal(heard.length, remembered + 1, 'the second is still known');
  await first.send(failed(0));
  assert.equal(heard.length, remembered + 2, 'the first is forgotten');
  stream.close();
});

test('each return is told once: when the replay is over, or at the next cut', limit, async () => {
  const { stream, fetch, told, returns, first } = await life({ profile: dashtam });
  await first.send(failed('a'));
  await first.cut();
  await (await fetch.opened(1)).cut();
  const third = await fetch.opened(2);
  assert.equal(returns().length, 1, 'of the second, at its cut');
  await third.send(failed('b'));
  await until(() => returns().length === 2, 'the replay is over');
  assert.deepEqual(
    told.filter(({ type }) => type !== 'error').map(({ type, lastEventId }) => [type, lastEventId]),
    [
      ['resumed', 'a'],
      ['gap', 'a'],
      ['resumed', 'a'],
      ['gap', 'a'],
    ],
  );
  assert.equal(returns()[1].at, 2, 'behind what came again');
  stream.close();
});

test(
  'numbers without a hole prove a return, and a server that counts anew loses nothing',
  limit,
  async () => {
    const numbered = (seq, type, note = seq) => hiveEvent(type, `0${note}`, `, "seq": ${seq}`);
    const delta = 'client_output_delta';
    for (const [again, recovered, count] of [
      [[numbered(1, delta), numbered(2, delta), numbered(3, 'tool_call_started')], 'yes', 3],
      [[numbered(1, delta), numbered(2, delta), numbered(4, 'tool_call_started')], 'unknown', 3],
      [[numbered(1, delta, 7), numbered(2, delta, 8)], 'unknown', 4],
    ]) {
      const { stream, fetch, heard, returns, first } = await life({ profile: hive });
      await first.send(numbered(1, delta), numbered(2, delta));
      await until(() => heard.length === 2, 'the history is handed over');
      await first.cut();
      await (await fetch.opened(1)).send(...again);
      await until(() => returns().length === 1, 'the return is told');
      assert.equal(returns()[0].recovered, recovered);
      assert.equal(heard.length, count);
      stream.close();
    }
  },
);

test(
  "Hive's doubled and disordered start is put right, also over cuts within it",
  limit,
  async () => {
    const [one, two] = [
      hiveEvent('execution_started', '05'),
      hiveEvent('client_output_delta', '06'),
    ];
    const [live, tool] = [
      hiveEvent('client_output_delta', '07'),
      hiveEvent('tool_call_started', '08'),
    ];
    for (const cut of [false, true]) {
      const { stream, fetch, heard, returns, first } = await life({ profile: hive });
      const seconds = () => heard.map(({ data, replayed }) => [data.content, replayed]);
      await first.send(live, tool);
      let last = first;
      if (cut) {
        await first.send(one);
        await first.cut();
        last = await fetch.opened(1);
      }
      await last.send(one, two, live);
      await until(() => heard.length === 4, 'it is handed over');
      // What came on both streams was history on the second.
      const expected = [
        ['05', true],
        ['06', true],
        ['07', cut],
        ['08', false],
      ];
      assert.deepEqual(seconds(), expected);
      assert.equal(returns().length, cut ? 1 : 0);
      stream.close();
    }
  },
);

test('several cuts within a history are told each in its place', limit, async () => {
  const { stream, fetch, heard, returns, first } = await life({ profile: hive });
  const live = (second) => hiveEvent('tool_call_started', second);
  await first.send(live('01'));
  await until(() => heard.length === 1, 'the history is over');
  await first.cut();
  const second = await fetch.opened(1);
  await second.send(live('10'));
  await second.cut();
  await (await fetch.opened(2)).send(live('20'));
  await until(() => heard.length === 3, 'it is handed over');
  assert.deepEqual(
    returns().map(({ at }) => at),
    [1, 2],
  );
  stream.close();
});

test('what is held back is handed over before the end, however the end comes', limit, async () => {
  const happens = [
    ['interrupted', { reconnect: false }, (call) => call.cut()],
    ['rejected', { maxEventBytes: 200 }, (call) => call.send('x'.repeat(300))],
  ];
  for (const [reason, options, end] of happens) {
    const { stream, heard, first } = await life({ profile: hive, ...options });
    await first.send(hiveEvent('execution_started', '05'));
    assert.equal(heard.length, 0, 'it is held back');
    await end(first);
    assert.equal((await stream.closed).reason, reason);
    assert.equal(heard.length, 1);
  }
});

test(
  'silence is believed after heartbeats or staleAfter, and not while reading is paused',
  limit,
  async () => {
    const beating = defineProfile({ ...plain.definition, heartbeat: { comment: 100 } });
    const quiet = await Promise.all([
      life({ profile: beating }),
      life({ profile: beating }),
      life({ profile: plain, staleAfter: 300 }),
      life({ profile: plain }),
    ]);
    const [beats, silent, stale, patient] = quiet;
    await beats.first.send(': still here\n\n');
    // A buffer that is full pauses the reading.
    const fetch = steeredFetch();
    const paused = connect(url, { fetch, staleAfter: 300, buffer: { events: 1 } });
    const events = paused.events({ preventClose: true });
    const one = events.next();
    await (await fetch.opened(0)).send('data: 1\n\ndata: 2\n\ndata: 3\n\n');
    await one;
    // Three heartbeats, or what was asked for, and half a second for bytes that may be there.
    await pass(1_200);
    const codes = quiet.map(({ told }) => told.map(({ error }) => error?.code)[0]);
    assert.deepEqual(codes, ['stale', undefined, 'stale', undefined]);
    assert.match(stale.told[0].error.message, /no byte for \d+ ms/);
    assert.deepEqual(
      [silent.stream.state, patient.stream.state, paused.state],
      ['open', 'open', 'open'],
    );
    quiet.forEach(({ stream }) => stream.close());
    paused.close();
  },
);

test('a pause so long that Hive sheds is a gap', limit, async () => {
  const fetch = steeredFetch();
  const stream = connect(url, { profile: hive, fetch, buffer: { events: 1 } });
  const gaps = [];
  stream.addEventListener('gap', ({ detail }) => gaps.push(detail.reason));
  const events = stream.events();
  const first = events.next();
  const call = await fetch.opened(0);
  await call.send(...['01', '02', '03'].map((second) => hiveEvent('tool_call_started', second)));
  await first;
  await pass(2_100);
  assert.deepEqual(gaps, []);
  for (let n = 0; n < 2; n += 1) await events.next();
  const next = events.next();
  await call.send(hiveEvent('tool_call_started', '04'));
  await next;
  assert.deepEqual(gaps, ['paused']);
  stream.close();
});

/** A stream of imports, for which imports and security were asked: the old call and the new. */
async function widening(options) {
  const stream = await life({ profile: dashtam, categories: ['import'], ...options });
  await stream.first.send(failed('a'));
  const change = stream.stream.setFilter({ categories: ['import', 'security'] });
  const outcome = change.then(
    () => 'holds',
    ({ message }) => message,
  );
  await until(() => stream.fetch.calls.length === 2, 'the new stream is asked for');
  return { ...stream, outcome, second: stream.fetch.calls[1] };
}

const names = ({ heard }) => heard.map(({ data }) => data.file_name ?? data.reason);

test(
  'a wider filter holds when the old stream breaks, and is given up for a later one or the end',
  limit,
  async () => {
    const broken = await widening();
    await broken.second.open();
    await broken.second.send(login('b'));
    assert.deepEqual(names(broken), ['a'], 'it is held back');
    await broken.first.cut();
    assert.equal(await broken.outcome, 'holds');
    assert.deepEqual(names(broken), ['a', 'b']);
    assert.deepEqual(broken.returns(), [], 'nothing lay between the two');
    broken.stream.close();

    const later = await widening();
    const narrower = later.stream.setFilter({ categories: ['import'] });
    assert.equal(await later.outcome, 'another filter, or the end of the stream, came first');
    await narrower;
    assert.equal(later.second.aborted, true);
    await later.first.send(failed('c'));
    assert.deepEqual(names(later), ['a', 'c']);
    later.stream.close();

    const closed = await widening();
    closed.stream.close();
    await closed.outcome;
    assert.deepEqual([closed.first.aborted, closed.second.aborted], [true, true]);
  },
);

test('where events cannot be told apart, a wider filter is a gap', limit, async () => {
  const profile = defineProfile({ ...dashtam.definition, identity: 'none' });
  const { stream, told, outcome, second } = await widening({ profile });
  await second.open();
  assert.equal(await outcome, 'holds');
  await until(() => told.length > 0, 'the gap is told');
  assert.deepEqual([told[0].type, told[0].reason, told[0].lastEventId], ['gap', 'filter', 'a']);
  stream.close();
});

test(
  'a wider filter that does not open in 5 s is refused, and two streams overlap no longer than that',
  limit,
  async () => {
    const [shut, apart, refused] = await Promise.all([widening(), widening(), widening()]);
    // Of this refusal no end ever comes.
    await refused.second.open(422);
    await apart.second.open();
    await apart.second.send(login('b'));
    assert.equal(await shut.outcome, 'the stream for the new filter did not open within 5000 ms');
    assert.equal(await apart.outcome, 'holds');
    await shut.first.send(failed('c'));
    assert.deepEqual(
      [names(shut), names(apart)],
      [
        ['a', 'c'],
        ['a', 'b'],
      ],
    );
    assert.deepEqual([shut.second.aborted, apart.first.aborted], [true, true]);
    assert.equal(await refused.outcome, 'the server answered 422');
    [shut, apart, refused].forEach(({ stream }) => stream.close());
  },
);

test('a stream that opens and ends at once is asked for ever later', limit, async () => {
  const { stream, fetch, told, first } = await life({
    profile: plain,
    reconnect: { minDelay: 5, maxDelay: 1_000, jitter: false },
  });
  await first.end();
  for (let n = 1; n < 5; n += 1) {
    await (await fetch.opened(n)).end();
  }
  await until(() => told.filter(({ type }) => type === 'error').length === 5, 'five have ended');
  assert.deepEqual(
    told.filter(({ type }) => type === 'error').map(({ delay }) => delay),
    [10, 20, 40, 80, 160],
  );
  stream.close();
});

test(
  'an event that is unfinished when its stream ends is dropped, and the cursor is before it',
  limit,
  async () => {
    const { stream, fetch, heard, first } = await life({ profile: plain });
    await first.send('id: 1\ndata: a\n\nid: 2\ndata: b\n');
    await first.end();
    await fetch.opened(1);
    assert.equal(fetch.calls[1].headers.get('last-event-id'), '1');
    await fetch.calls[1].send('data: c\n\n');
    assert.deepEqual(
      heard.map(({ data }) => data),
      ['a', 'c'],
    );
    stream.close();
  },
);
