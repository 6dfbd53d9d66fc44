// The package against the test server, whose address is in TIDEWIRE_URL.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connect } from '../../pkg/dist/index.js';
import {
  cortex,
  dashtam,
  hive,
  plain,
  stageChat,
  stockAgent,
} from '../../pkg/dist/profiles/index.js';
import { all, news } from './scripted.mjs';

const address = process.env.TIDEWIRE_URL;
const live = { skip: address === undefined && 'TIDEWIRE_URL does not name a server' };
let count = 0;

/** A namespace of the server for one test, and its control API. */
function server() {
  const base = `${address}/ns/npm-${process.pid}-${(count += 1)}`;
  const control = async (path, body) => {
    const response = await fetch(`${base}/_tidewire${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    base,
    control,
    publish: (...items) => control('/publish', items),
    token: async (system) => (await control('/token', { system })).token,
  };
}

/** What the server was asked, once it has noticed that all clients are gone. */
async function untilGone(control) {
  const deadline = Date.now() + 20_000;
  while ((await control('/connections')).length > 0) {
    assert.ok(Date.now() < deadline, 'the server still has a connection');
  }
  return control('/requests');
}

/** The first events of a stream, published once it is open. */
async function received(stream, number, publish) {
  const opened = news(stream, 'open');
  const events = stream.events();
  const first = events.next();
  first.catch(() => {});
  await Promise.race([opened, stream.closed.then(({ error }) => Promise.reject(error))]);
  await publish();
  const list = [];
  for (let next = await first; !next.done; next = await events.next()) {
    list.push(next.value);
    if (list.length === number) break;
  }
  await events.return();
  return list;
}

test('Dashtam: a token in the header, a filter at the server, typed events', live, async () => {
  const { base, control, publish, token } = server();
  const asked = [];
  const stream = connect(`${base}/api/v1/events`, {
    profile: dashtam,
    categories: ['import', 'security'],
    token: ({ attempt, reason }) => {
      asked.push([attempt, reason]);
      return token('dashtam');
    },
  });
  const [progress, failed] = await received(stream, 2, () =>
    publish(
      {
        system: 'dashtam',
        event: 'import.progress',
        data: { file_name: 'ä.csv', progress_percent: 5, records_processed: 7 },
      },
      { system: 'dashtam', event: 'sync.accounts.started', data: { connection_id: 'c' } },
      { system: 'dashtam', event: 'security.login.failed', data: { reason: 'password' } },
    ),
  );
  assert.deepEqual([progress.type, progress.data.file_name], ['import.progress', 'ä.csv']);
  assert.deepEqual([failed.type, failed.data], ['security.login.failed', { reason: 'password' }]);
  assert.match(progress.id, /^[0-9a-f-]{36}$/);
  assert.equal(failed.lastEventId, failed.id);
  assert.deepEqual(asked[0], [1, 'connect']);
  const { requests } = await untilGone(control);
  assert.deepEqual(
    requests.map(({ path, query, state }) => [path, query, state]),
    [['/api/v1/events', 'categories=import,security', 'client-gone']],
  );
});

test(
  'Dashtam: a token that is refused is asked for once more, and then the body tells why',
  live,
  async () => {
    const { base } = server();
    const reasons = [];
    const stream = connect(`${base}/api/v1/events`, {
      profile: dashtam,
      token: ({ reason }) => {
        reasons.push(reason);
        return 'stale';
      },
    });
    const error = await all(stream).then(
      () => assert.fail('it must throw'),
      (error) => error,
    );
    assert.deepEqual(reasons, ['connect', 'unauthorized']);
    assert.deepEqual(
      [error.code, error.status, JSON.parse(error.body).detail],
      ['status', 401, 'Invalid token'],
    );
    assert.equal((await stream.closed).reason, 'rejected');
  },
);

test('Cortex: a token in the URL, and dotted names mean the short ones', live, async () => {
  const { base, publish, token } = server();
  const stream = connect(`${base}/v1/conversation/c-1`, {
    profile: cortex,
    token: () => token('cortex'),
  });
  const message = {
    id: 'm-1',
    content: 'Hello',
    role: 'user',
    created_at_utc: '2025-03-08T21:25:31+00:00',
    metadata: {},
  };
  const on = { system: 'cortex', channel: 'conversation', resource: 'c-1' };
  const events = await received(stream, 3, () =>
    publish(
      { ...on, event: 'message_received', data: message },
      { ...on, event: 'conversation.status_update', data: { message: 'typing' } },
    ),
  );
  assert.deepEqual(
    events.map(({ type, data }) => [type, data]),
    [
      ['connect', { connected: true }],
      ['message_received', message],
      ['status_update', { message: 'typing' }],
    ],
  );
  const other = connect(`${base}/v1/user/somebody-else`, {
    profile: cortex,
    token: () => token('cortex'),
  });
  await assert.rejects(all(other), ({ status, body }) => {
    assert.equal(status, 403);
    assert.match(body, /Not authorized to access user events/);
    return true;
  });
});

test('Hive: the envelope is meta, and a session that is gone ends it', live, async () => {
  const { base, publish } = server();
  const session = 'session_20260416_193001_1a2b3c4d';
  const item = (content) => ({
    system: 'hive',
    session,
    type: 'llm_text_delta',
    stream_id: 'queen',
    data: { content, snapshot: content, inner_turn: 0 },
  });
  await publish(item('before'));
  const stream = connect(`${base}/api/sessions/${session}/events`, { profile: hive });
  const [event] = await received(stream, 1, () => publish(item('now')));
  assert.deepEqual(
    [event.type, event.category, event.data.content],
    ['llm_text_delta', 'llm', 'now'],
  );
  assert.equal(event.meta.stream_id, 'queen');
  const gone = connect(`${base}/api/sessions/nobody/events`, { profile: hive });
  await assert.rejects(all(gone), {
    code: 'status',
    status: 404,
    body: /Session 'nobody' not found/,
  });
});

test('Stock: the question is sent once, and the answer is its text', live, async () => {
  const { base, control } = server();
  await control('/answer', {
    system: 'stock',
    events: [
      { type: 'status', status: 'analyzing' },
      { type: 'chunk', content: '收盘' },
      { type: 'result', content: '收盘价上涨', sources: ['stock_daily_price'], disclaimer: '' },
      '[DONE]',
    ],
    delay_ms: 1,
  });
  const stream = connect(`${base}/api/chat`, {
    profile: stockAgent,
    body: { message: '?', session_id: null },
  });
  assert.equal(await stream.text(), '收盘价上涨');
  const { requests } = await control('/requests');
  assert.equal(requests.filter(({ path }) => path.endsWith('/api/chat')).length, 1);
});

test('Stage: a body that the service refuses is told with its own words', live, async () => {
  const { base } = server();
  const stream = connect(`${base}/stream/v1/chat`, { profile: stageChat, body: {} });
  const error = await all(stream).then(
    () => assert.fail('it must throw'),
    (error) => error,
  );
  assert.equal(error.status, 422);
  assert.equal(JSON.parse(error.body).detail[0].type, 'missing');
});

test('plain: text events, and closing is seen by the server', live, async () => {
  const { base, control, publish } = server();
  const stream = connect(`${base}/plain`, { profile: plain });
  const events = await received(stream, 2, () =>
    publish(
      { system: 'plain', data: 'one\ntwo' },
      { system: 'plain', event: 'tick', data: '1', id: '9' },
    ),
  );
  assert.deepEqual(
    events.map(({ type, name, data, id }) => [type, name, data, id]),
    [
      ['message', 'message', 'one\ntwo', null],
      ['unknown', 'tick', '1', '9'],
    ],
  );
  await untilGone(control);
});
