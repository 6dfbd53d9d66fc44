// The life of a connection through the package: what the state machine does in virtual time is
// done here by the real module, by the package's own means of testing.

import assert from 'node:assert/strict';
import test, { afterEach, beforeEach } from 'node:test';
import { connect, defineProfile } from '../../pkg/dist/index.js';
import { cortex, dashtam, hive, plain, stockAgent } from '../../pkg/dist/profiles/index.js';
import { installClock, scriptedServer } from '../../pkg/dist/testing.js';

const url = 'http://test.example/events';
/** Milliseconds without an event after which what is sent again, or in disorder, counts as over. */
const QUIET = 150;

let clock;
beforeEach(() => {
  clock = installClock();
});
afterEach(() => clock.uninstall());

/** A stream that is listened to: its first request is open, and all that came of it is noted. */
async function life(options) {
  const server = scriptedServer({ profile: options.profile });
  const stream = connect(url, { fetch: server.fetch, ...options });
  const heard = [];
  const told = [];
  stream.on('*', (event) => heard.push(event));
  for (const type of ['resumed', 'gap', 'error']) {
    stream.addEventListener(type, ({ detail }) => told.push({ type, at: heard.length, ...detail }));
  }
  const next = async () => {
    const request = await clock.until(server.request());
    await request.open();
    return request;
  };
  const first = await next();
  const returns = () => told.filter(({ type }) => type === 'resumed');
  return { stream, server, heard, told, returns, first, next };
}

const failed = (id) => ({ type: 'import.failed', id, data: { file_name: id, error: '' } });
const login = (id) => ({ type: 'security.login.failed', id, data: { reason: id } });
const hiveEvent = (type, second, meta) => ({
  type,
  data: { content: second },
  meta: { timestamp: `19:30:${second}`, ...meta },
});

test('a one-shot is sent once, whatever comes of it', async () => {
  for (const [reason, happens] of [
    ['rejected', (request) => request.refuse(401)],
    ['rejected', (request) => request.refuse(503)],
    [
      'interrupted',
      async (request, stream) => {
        await request.send({ type: 'status', data: { status: 'analyzing' } });
        stream.reconnect();
        await stream.setFilter({ types: ['status'] });
        await stream.setFilter({});
        await request.send({ type: 'chunk', data: { content: 'a' } });
        await request.cut();
      },
    ],
  ]) {
    const server = scriptedServer({ profile: stockAgent });
    const stream = connect(url, {
      profile: stockAgent,
      token: () => 'secret',
      fetch: server.fetch,
    });
    const { closed } = stream;
    const types = [];
    stream.on('*', ({ type }) => types.push(type));
    await happens(await server.request(), stream);
    assert.equal((await closed).reason, reason);
    await clock.advance(3_600_000);
    assert.equal(server.requests.length, 1, reason);
    assert.deepEqual(types, reason === 'interrupted' ? ['status', 'chunk'] : []);
  }
});

test('a one-shot whose request fails is not sent again', async () => {
  const server = scriptedServer({ answer: (request) => request.cut() });
  const stream = connect(url, { profile: stockAgent, fetch: server.fetch });
  stream.on('*', () => {});
  const { reason, error } = await stream.closed;
  await clock.advance(3_600_000);
  assert.deepEqual([reason, server.requests.length], ['exhausted', 1]);
  assert.match(error.message, /the connection was cut/);
});

test(
  'what comes again is delivered once: by its id, by its message, under two names',
  async () => {
    const message = (name, id) => ({
      type: 'message_received',
      name,
      data: { id, content: '', role: '' },
    });
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

test('of more events than are remembered the oldest are forgotten first', async () => {
  const { stream, heard, first } = await life({ profile: dashtam });
  const remembered = 2_048;
  const sent = 2 * remembered + 1;
  await first.send(...Array.from({ length: sent }, (_, n) => failed(`${n}`)));
  assert.equal(heard.length, sent);
  await first.send(failed(`${sent - remembered}`));
  assert.equal(heard.length, sent, 'so many are still known');
  await first.send(failed('0'));
  assert.equal(heard.length, sent + 1, 'the first is forgotten');
  stream.close();
});

test('each return is told once: when the replay is over, or at the next cut', async () => {
  const { stream, told, returns, first, next } = await life({ profile: dashtam });
  await first.send(failed('a'));
  await first.cut();
  await (await next()).cut();
  const third = await next();
  assert.equal(returns().length, 1, 'of the second, at its cut');
  await third.send(failed('b'));
  await clock.advance(QUIET);
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
  async () => {
    const numbered = (seq, type, note = seq) => hiveEvent(type, `0${note}`, { seq });
    const delta = 'client_output_delta';
    for (const [again, recovered, count] of [
      [[numbered(1, delta), numbered(2, delta), numbered(3, 'tool_call_started')], 'yes', 3],
      [[numbered(1, delta), numbered(2, delta), numbered(4, 'tool_call_started')], 'unknown', 3],
      [[numbered(1, delta, 7), numbered(2, delta, 8)], 'unknown', 4],
    ]) {
      const { stream, heard, returns, first, next } = await life({ profile: hive });
      await first.send(numbered(1, delta), numbered(2, delta));
      await clock.advance(QUIET);
      assert.equal(heard.length, 2, 'the history is handed over');
      await first.cut();
      await (await next()).send(...again);
      await clock.advance(QUIET);
      assert.equal(returns()[0].recovered, recovered);
      assert.equal(heard.length, count);
      stream.close();
    }
  },
);

test(
  "Hive's doubled and disordered start is put right, also over cuts within it",
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
      const { stream, heard, returns, first, next } = await life({ profile: hive });
      const seconds = () => heard.map(({ data, replayed }) => [data.content, replayed]);
      await first.send(live, tool);
      let last = first;
      if (cut) {
        await first.send(one);
        await first.cut();
        last = await next();
      }
      await last.send(one, two, live);
      await clock.advance(QUIET);
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

test('several cuts within a history are told each in its place', async () => {
  const { stream, heard, returns, first, next } = await life({ profile: hive });
  const live = (second) => hiveEvent('tool_call_started', second);
  await first.send(live('01'));
  await clock.advance(QUIET);
  assert.equal(heard.length, 1, 'the history is over');
  await first.cut();
  const second = await next();
  await second.send(live('10'));
  await second.cut();
  await (await next()).send(live('20'));
  await clock.advance(QUIET);
  assert.equal(heard.length, 3);
  assert.deepEqual(
    returns().map(({ at }) => at),
    [1, 2],
  );
  stream.close();
});

test('what is held back is handed over before the end, however the end comes', async () => {
  const happens = [
    ['interrupted', { reconnect: false }, (request) => request.cut()],
    ['rejected', { maxEventBytes: 200 }, (request) => request.sendRaw('x'.repeat(300))],
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
  async () => {
    const beating = defineProfile({ ...plain.definition, heartbeat: { comment: 10_000 } });
    const quiet = await Promise.all([
      life({ profile: beating }),
      life({ profile: beating }),
      life({ profile: plain, staleAfter: 30_000 }),
      life({ profile: plain }),
    ]);
    const [beats, silent, stale, patient] = quiet;
    await beats.first.comment('still here');
    // A buffer that is full pauses the reading.
    const server = scriptedServer();
    const paused = connect(url, { fetch: server.fetch, staleAfter: 30_000, buffer: { events: 1 } });
    const events = paused.events({ preventClose: true });
    const one = events.next();
    const messages = ['1', '2', '3'].map((data) => ({ type: 'message', data }));
    await (await server.request()).send(...messages);
    await one;
    // Three heartbeats, or what was asked for, and half a second for bytes that may be there.
    await clock.advance(30_600);
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

test('a pause so long that Hive sheds is a gap', async () => {
  const server = scriptedServer({ profile: hive });
  const stream = connect(url, { profile: hive, fetch: server.fetch, buffer: { events: 1 } });
  const gaps = [];
  stream.addEventListener('gap', ({ detail }) => gaps.push(detail.reason));
  const events = stream.events();
  const first = events.next();
  const request = await server.request();
  await request.send(...['01', '02', '03'].map((second) => hiveEvent('tool_call_started', second)));
  await clock.until(first);
  await clock.advance(2_100);
  assert.deepEqual(gaps, []);
  for (let n = 0; n < 2; n += 1) await clock.until(events.next());
  const next = events.next();
  await request.send(hiveEvent('tool_call_started', '04'));
  await clock.until(next);
  assert.deepEqual(gaps, ['paused']);
  stream.close();
});

/** A stream of imports, for which imports and security were asked: the old request and the new. */
async function widening(options) {
  const stream = await life({ profile: dashtam, categories: ['import'], ...options });
  await stream.first.send(failed('a'));
  const change = stream.stream.setFilter({ categories: ['import', 'security'] });
  const outcome = change.then(
    () => 'holds',
    ({ message }) => message,
  );
  return { ...stream, outcome, second: await stream.server.request() };
}

const names = ({ heard }) => heard.map(({ data }) => data.file_name ?? data.reason);

test(
  'a wider filter holds when the old stream breaks, and is given up for a later one or the end',
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
    assert.equal(later.second.state, 'aborted');
    await later.first.send(failed('c'));
    assert.deepEqual(names(later), ['a', 'c']);
    later.stream.close();

    const closed = await widening();
    closed.stream.close();
    await closed.outcome;
    assert.deepEqual([closed.first.state, closed.second.state], ['aborted', 'aborted']);
  },
);

test('where events cannot be told apart, a wider filter is a gap', async () => {
  const profile = defineProfile({ ...dashtam.definition, identity: 'none' });
  const { stream, told, outcome, second } = await widening({ profile });
  await second.open();
  assert.equal(await outcome, 'holds');
  assert.deepEqual([told[0].type, told[0].reason, told[0].lastEventId], ['gap', 'filter', 'a']);
  stream.close();
});

test(
  'a wider filter that does not open in 5 s is refused, and two streams overlap no longer than that',
  async () => {
    const [shut, apart, refused] = await Promise.all([widening(), widening(), widening()]);
    // Of this refusal no end ever comes.
    await refused.second.open({ status: 422, headers: { 'content-type': 'application/json' } });
    await apart.second.open();
    await apart.second.send(login('b'));
    await clock.advance(5_000);
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
    assert.deepEqual([shut.second.state, apart.first.state], ['aborted', 'aborted']);
    assert.equal(await refused.outcome, 'the server answered 422');
    [shut, apart, refused].forEach(({ stream }) => stream.close());
  },
);

test('a stream that opens and ends at once is asked for ever later', async () => {
  const { stream, told, first, next } = await life({
    profile: plain,
    reconnect: { minDelay: 5, maxDelay: 1_000, jitter: false },
  });
  await first.end();
  for (let n = 1; n < 5; n += 1) {
    await (await next()).end();
  }
  assert.deepEqual(
    told.filter(({ type }) => type === 'error').map(({ delay }) => delay),
    [10, 20, 40, 80, 160],
  );
  stream.close();
});

test(
  'an event that is unfinished when its stream ends is dropped, and the cursor is before it',
  async () => {
    const { stream, heard, first, next } = await life({ profile: plain });
    await first.sendRaw('id: 1\ndata: a\n\nid: 2\ndata: b\n');
    await first.end();
    const second = await next();
    assert.equal(second.lastEventId, '1');
    await second.send({ type: 'message', data: 'c' });
    assert.deepEqual(
      heard.map(({ data }) => data),
      ['a', 'c'],
    );
    stream.close();
  },
);
