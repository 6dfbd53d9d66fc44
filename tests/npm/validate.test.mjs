// `validate`: payloads through the Rust types, before they are delivered.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { connect, DecodeError, defineProfile } from '../../pkg/dist/index.js';
import * as profiles from '../../pkg/dist/profiles/index.js';
import { validator } from '../../pkg/dist/validate.js';
import { answer, scriptedFetch, settled, until } from './scripted.mjs';

const URL = 'http://test.example/events';
const samples = JSON.parse(
  await readFile(new globalThis.URL('../samples.json', import.meta.url), 'utf8'),
).filter(({ profile }) => profile !== 'plain');
const PROFILES = Object.fromEntries(
  Object.values(profiles)
    .filter(({ definition }) => definition !== undefined)
    .map((profile) => [profile.name, profile]),
);

/** Members that may be anything, as `profile event path`: the types say no more of them. */
const ANYTHING = [
  /^dashtam ai\.response\.complete \$\.actions_taken/,
  /^stock-agent step \$\.params/,
  /^cortex \S+ \$\.metadata\./,
  /^stage-chat tool_summary \$\.tool_summary\./,
  /^hive \S+ \$\.(tool_input|input|output|trigger_config|criteria_status|activations)[.[](?!\d+\]$)/,
  /^hive worker_completed \$\.activations\[/,
  /^hive subagent_report \$\.data/,
  /^hive context_compacted \$\.message_inventory/,
  /^hive (worker_colony_loaded \$\.goal|colony_created \$\.skill_installed)$/,
  /^hive trigger_fired \$\.last_fired_at$/,
  /^hive state_changed \$\.new_value/,
  /^hive webhook_received \$\.(headers\[|payload)/,
  /^hive (execution_resurrected|state_conflict|goal_achieved|stream_started|edge_traversed|custom) \$\./,
];

/** An event as its profile's server sends it. */
function frame({ profile, event, data, meta }) {
  if (profile === 'hive') return `data: ${JSON.stringify({ type: event, ...meta, data })}\n\n`;
  if (profile === 'stock-agent') return `data: ${JSON.stringify({ type: event, ...data })}\n\n`;
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** All that comes of these frames, in order: events, and the failures between them. */
async function deliver(profile, frames, options) {
  const fetch = scriptedFetch(answer([frames]));
  const once = ['stock-agent', 'stage-chat'].includes(profile.name);
  const stream = connect(URL, {
    profile,
    fetch,
    validate: validator,
    ...(once ? {} : { reconnect: false }),
    ...options,
  });
  const seen = [];
  stream.addEventListener('decodeerror', ({ detail }) => seen.push(detail));
  stream.addEventListener('error', () => {});
  stream.on('*', (event) => seen.push(event));
  await stream.closed;
  return seen;
}

/** Each member and element within, with its path and a copy of the whole that has it replaced. */
function* replacements(value, path = '$') {
  for (const [key, inner] of Object.entries(value ?? {})) {
    const step = Array.isArray(value) ? `[${key}]` : /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `['${key}']`;
    const within = (changed) => Object.assign(Array.isArray(value) ? [...value] : { ...value }, { [key]: changed });
    // A member that may be null says nothing of what else it may be.
    if (inner !== null) {
      yield { path: path + step, changed: within(typeof inner === 'string' ? 7 : 'wrong') };
    }
    if (typeof inner === 'object') {
      for (const { path: deeper, changed } of replacements(inner, path + step)) {
        yield { path: deeper, changed: within(changed) };
      }
    }
  }
}

test('each sample of every type passes, and is what the type says of it', async () => {
  assert.equal(samples.length, 167);
  for (const sample of samples) {
    const [event, ...more] = await deliver(PROFILES[sample.profile], frame(sample));
    assert.deepEqual(more, [], sample.event);
    assert.ok(!(event.error instanceof DecodeError), `${sample.event}: ${event.error?.message}`);
    assert.deepEqual([sample.event, event.data], [sample.event, sample.data]);
    if (sample.meta !== undefined) assert.deepEqual(event.meta, sample.meta);
  }
});

test('a member of a wrong type is told with its path, in every sample of every type', async () => {
  let told = 0;
  for (const sample of samples) {
    for (const part of ['data', 'meta']) {
      for (const { path, changed } of replacements(sample[part])) {
        const what = `${sample.profile} ${sample.event} ${path}`;
        const frames = frame({ ...sample, [part]: changed });
        const [{ error, raw }] = await deliver(PROFILES[sample.profile], frames);
        if (part === 'data' && ANYTHING.some((place) => place.test(what))) {
          assert.equal(error, undefined, what);
          continue;
        }
        assert.ok(error instanceof DecodeError, what);
        const inHive = sample.profile === 'hive' && part === 'data';
        assert.equal(error.path, inHive ? path.replace('$', '$.data') : path, error.message);
        assert.ok(raw.includes(error.found), error.found);
        told += 1;
      }
    }
  }
  assert.ok(told > 900, `${told} places`);
});

test('what does not fit is told in its place, with path, expected and found, and the stream goes on', async () => {
  const send = (event, data) => frame({ event, data });
  const seen = await deliver(
    profiles.dashtam,
    [
      send('import.failed', { file_name: 'one', error: 'x' }),
      send('sync.accounts.completed', { connection_id: 'c', account_count: 'three' }),
      send('import.failed', { file_name: 'two', error: 'ä😀' }),
      send('sync.accounts.completed', { connection_id: 'c' }),
      send('import.progress', { file_name: 'f', progress_percent: 300, records_processed: 1 }),
      send('import.failed', ['three', 'x']),
      'event: import.failed\ndata: {"file_name": tru\n\n',
      send('import.failed', { file_name: 'four', error: null }),
      send('import.failed', { file_name: 'five', error: 'x' }),
    ].join(''),
  );
  assert.deepEqual(
    seen.map(({ data, error }) => data?.file_name ?? [error.path, error.expected, error.found, error.position]),
    [
      'one',
      ['$.account_count', 'a whole number, 0 or more', '"three"', undefined],
      'two',
      ['$.account_count', 'a value', 'nothing', undefined],
      ['$.progress_percent', 'a whole number from 0 to 255', '300', undefined],
      ['$', 'an object', 'a list', undefined],
      [undefined, undefined, undefined, 14],
      ['$.error', 'a string', 'null', undefined],
      'five',
    ],
  );
  assert.equal(
    seen[1].error.message,
    "the data of 'sync.accounts.completed' does not fit at $.account_count: expected a whole number, 0 or more; found \"three\"",
  );
  assert.deepEqual(
    [seen[1].type, seen[1].category, JSON.parse(seen[1].raw).account_count],
    ['sync.accounts.completed', 'data_sync', 'three'],
  );
});

test('a path leads through lists and odd names, and a long value is shown in part', async () => {
  const chunk = samples.find(({ event }) => event === 'chat_completion_chunk');
  const delta = { ...chunk.data.chunk.choices[0].delta, content: { "it's": 1 } };
  const choices = [chunk.data.chunk.choices[0], { ...chunk.data.chunk.choices[0], delta }];
  const data = { ...chunk.data, chunk: { ...chunk.data.chunk, choices } };
  const [deep] = await deliver(profiles.stageChat, frame({ ...chunk, data }));
  assert.deepEqual([deep.error.path, deep.error.found], ['$.chunk.choices[1].delta.content', 'an object']);

  const long = { connection_id: 'c', account_count: 'x'.repeat(10_000) };
  const [shown] = await deliver(profiles.dashtam, frame({ event: 'sync.accounts.completed', data: long }));
  assert.ok(shown.error.found.length < 70 && shown.error.found.endsWith('…'), shown.error.found);
});

test('what the types normalise is normalised', async () => {
  const of = async (event, data, profile = profiles.dashtam) =>
    (await deliver(profile, frame({ profile: profile.name, event, data })))[0].data;
  // An optional member that is null is left out, and one that may be null is null if left out.
  assert.deepEqual(
    await of('provider.token.failed', { connection_id: 'c', provider_slug: 'p', needs_reauth: true, reason: null }),
    { connection_id: 'c', provider_slug: 'p', needs_reauth: true },
  );
  assert.deepEqual(await of('security.session.new', { session_id: 's' }), {
    session_id: 's',
    device_info: null,
    ip_address: null,
    location: null,
  });
  // What the type does not have is in `raw` alone.
  assert.deepEqual(await of('import.failed', { file_name: 'f', error: 'x', new: [1] }), {
    file_name: 'f',
    error: 'x',
  });
  assert.deepEqual(await of('token', { content: 'x' }, profiles.stockAgent), { content: 'x' });
});

test('an older name of an event has the type of the newer one', async () => {
  const [event, wrong] = await deliver(
    profiles.stockAgent,
    'data: {"type":"token","content":"x"}\n\ndata: {"type":"token","content":7}\n\ndata: [DONE]\n\n',
  );
  assert.deepEqual([event.type, event.data], ['chunk', { content: 'x' }]);
  assert.equal(wrong.error.path, '$.content');
});

test('what Python takes for numbers is read as null, where a number may be null', async () => {
  const frames = 'data: {"type":"goal_progress","stream_id":"q","node_id":null,"execution_id":null,"timestamp":"t","correlation_id":null,"colony_id":null,"data":{"progress":NaN,"criteria_status":{}}}\n\n';
  const [{ data, error }] = await deliver(profiles.hive, frames);
  assert.equal(error, undefined);
  assert.equal(data.progress, null);
});

test('an event that the profile does not know passes as it is, between those that are checked', async () => {
  const seen = await deliver(
    profiles.cortex,
    'event: odd\ndata: {"anything": [null]}\n\nevent: odd\ndata: no JSON\n\nevent: connect\ndata: {"connected": 1}\n\n',
  );
  assert.deepEqual(seen.slice(0, 2).map(({ type, data }) => [type, data]), [
    ['unknown', { anything: [null] }],
    ['unknown', 'no JSON'],
  ]);
  assert.equal(seen[2].error.path, '$.connected');
});

test('an event without data is told as such, and the next one is checked as it came', async () => {
  const { event, data } = samples.find(({ profile }) => profile === 'dashtam');
  const fetch = scriptedFetch(
    answer([`event: ${event}\ndata:\n`, `\n${frame({ profile: 'dashtam', event, data })}`]),
  );
  const stream = connect(URL, { profile: profiles.dashtam, fetch, validate: validator, reconnect: false });
  const seen = [];
  stream.addEventListener('decodeerror', ({ detail }) => seen.push(detail.raw));
  stream.on('*', (event) => seen.push(event.data));
  await stream.closed;
  assert.deepEqual(seen, ['', data]);
});

test('each of two streams that share a connection is checked as it asked', async () => {
  const frames = frame({ event: 'import.failed', data: { file_name: 1, error: 'x' } });
  const fetch = scriptedFetch(answer([frames], { end: 'open' }));
  const options = { profile: profiles.dashtam, fetch, share: true };
  const seen = [];
  const checked = connect(URL, { ...options, validate: validator });
  checked.addEventListener('decodeerror', ({ detail }) => seen.push(detail.error.path));
  checked.on('*', () => seen.push('passed'));
  const unchecked = connect(URL, { ...options, validate: false });
  unchecked.on('*', ({ data }) => seen.push(data.file_name));
  await until(() => seen.length === 2, 'both have it');
  assert.deepEqual(seen.sort(), ['$.file_name', 1].sort());
  assert.equal(fetch.calls.length, 1);
  checked.close();
  unchecked.close();
});

test('a validator that cannot be loaded ends the stream before anything is sent', async () => {
  const fetch = scriptedFetch(answer(['data: x\n\n']));
  const broken = { ...validator, load: async () => { throw new Error('no module'); } };
  const stream = connect(URL, { profile: profiles.dashtam, fetch, validate: broken });
  const { reason, error } = await stream.closed;
  assert.deepEqual([reason, error.message], ['unsupported', 'Error: no module']);
  assert.equal(fetch.calls.length, 0);
});

test('a validator that breaks down ends its stream, and passes nothing unchecked', async () => {
  let trap;
  const checker = () => () => {
    trap?.(new Error('unreachable'));
    return undefined;
  };
  const onTrap = (listener) => {
    trap = listener;
    return () => (trap = undefined);
  };
  const broken = { ...validator, load: async () => ({ checker, onTrap }) };
  const fetch = scriptedFetch(
    answer([frame({ event: 'import.failed', data: { file_name: 'f', error: 'x' } })], { end: 'open' }),
  );
  const stream = connect(URL, { profile: profiles.dashtam, fetch, validate: broken });
  const seen = [];
  stream.addEventListener('decodeerror', ({ detail }) => seen.push(detail.error.message));
  stream.on('*', () => seen.push('passed'));
  const { reason } = await stream.closed;
  assert.equal(reason, 'interrupted');
  assert.deepEqual(seen, [
    "the data of 'import.failed' could not be checked: the module broke down",
  ]);
  await settled();
  assert.equal(fetch.calls[0].aborted, true);
  assert.equal(trap, undefined, 'nothing listens any more');
});

test('validate is refused where there are no types, and where payloads are not parsed', () => {
  const prices = defineProfile({ name: 'dashtam', categories: { market: ['tick'] } });
  const builtIn = 'Allowed: the built-in profiles dashtam, stock-agent, cortex, stage-chat, hive';
  const refused = [
    [{ validate: true }, "validate must be the validator of 'tidewire/validate', or false, not true"],
    [{ validate: validator }, `validate: there are no types of plain's payloads. ${builtIn}`],
    [{ validate: validator, profile: prices }, `validate: there are no types of dashtam's payloads. ${builtIn}`],
    ...['lazy', 'text'].map((parse) => [
      { validate: validator, profile: profiles.dashtam, parse },
      `validate: payloads are checked before they are delivered, which parse: '${parse}' forbids. Allowed: 'eager'`,
    ]),
  ];
  for (const [options, message] of refused) {
    assert.throws(() => connect(URL, options), { name: 'TypeError', message });
  }
});

test('no other entry of the package imports what checks', async () => {
  const dist = new globalThis.URL('../../pkg/dist/', import.meta.url);
  const { exports } = JSON.parse(await readFile(new globalThis.URL('../package.json', dist), 'utf8'));
  const entries = Object.keys(exports).filter((entry) => exports[entry].default && entry !== './validate');
  assert.ok(entries.length >= 5);
  for (const entry of entries) {
    const seen = new Set();
    const visit = async (file) => {
      if (seen.has(file.href)) return;
      seen.add(file.href);
      const text = await readFile(file, 'utf8');
      const imported = [...text.matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)'/gms)];
      for (const [, path] of imported) await visit(new globalThis.URL(path, file));
    };
    await visit(new globalThis.URL(`../${exports[entry].default}`, dist));
    assert.deepEqual([...seen].filter((file) => /\/validate[\w-]*\.js$/.test(file)), [], entry);
  }
});
