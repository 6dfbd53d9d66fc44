// When React's hook takes two renders' options for the same. Its life is shown in frameworks.test.mjs.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Recent } from '../../pkg/dist/react/gathering.js';
import { LatestFunctions } from '../../pkg/dist/react/latest.js';
import { isSame } from '../../pkg/dist/react/same.js';
import { defineProfile } from '../../pkg/dist/profiles/index.js';

const profile = () => defineProfile({ name: 'prices', categories: { market: ['tick'] } });
const form = (value) => {
  const all = new FormData();
  all.set('a', value);
  return all;
};

test('options that say the same are the same, whoever wrote them', () => {
  const store = {};
  const pairs = [
    [{}, { token: undefined }],
    [{ query: { a: [1, 2], b: null } }, { query: { b: null, a: [1, 2] } }],
    [{ query: new URLSearchParams('a=1') }, { query: new URLSearchParams('a=1') }],
    [{ headers: new Headers({ A: '1' }) }, { headers: new Headers({ a: '1' }) }],
    [{ body: { a: [{ b: NaN }] } }, { body: { a: [{ b: NaN }] } }],
    [{ body: form('1') }, { body: form('1') }],
    [{ profile: profile() }, { profile: profile() }],
    [{ token: () => 'a' }, { token: () => 'b' }],
    [{ store }, { store }],
  ];
  for (const [a, b] of pairs) assert.ok(isSame(a, b), JSON.stringify([a, b]));
});

test('options that say something else are not', () => {
  const pairs = [
    [{ token: 'a' }, { token: 'b' }],
    [{ token: 'a' }, { token: () => 'a' }],
    [{ token: null }, {}],
    [{ reconnect: false }, { reconnect: {} }],
    [{ query: { a: [1, 2] } }, { query: { a: [1] } }],
    [{ query: { a: [1] } }, { query: { a: { 0: 1 } } }],
    [{ query: new URLSearchParams('a=1') }, { query: new URLSearchParams('a=2') }],
    [{ headers: { a: '1' } }, { headers: new Headers({ a: '1' }) }],
    [{ body: form('1') }, { body: form('2') }],
    [{ body: new Blob(['a']) }, { body: new Blob(['a']) }],
    [{ body: new Uint8Array(1) }, { body: new Uint8Array(1) }],
    [{ reconnect: { minDelay: 1 } }, { reconnect: { minDelay: 1, jitter: false } }],
  ];
  for (const [a, b] of pairs) {
    assert.ok(!isSame(a, b), JSON.stringify([a, b]));
    assert.ok(!isSame(b, a), JSON.stringify([b, a]));
  }
});

test('of a function that changes the latest is called, and who was given the same gets the same stand-in', () => {
  const [first, second, other] = ['first', 'second', 'other'].map((name) => () => name);
  const one = new LatestFunctions();
  const two = new LatestFunctions();
  const { token } = one.standIns({ token: first });
  assert.equal(two.standIns({ token: first }).token, token);
  assert.equal(token(), 'first');
  one.follow({ token: second });
  two.follow({ token: first });
  assert.equal(token(), 'second', 'who keeps to the old one does not bring it back');
  assert.equal(new LatestFunctions().standIns({ token: second }).token, token);
  assert.notEqual(new LatestFunctions().standIns({ token: other }).token, token);
});

test('every function among the options has its stand-in, and what is none stays as it is', () => {
  const given = { headers: () => ({}), fetch: async function () { return this; }, reconnect: { when: () => true, minDelay: 5 } };
  const functions = new LatestFunctions();
  const standIns = functions.standIns({ ...given, token: 'a', keep: 3 });
  assert.deepEqual([standIns.token, standIns.keep, standIns.reconnect.minDelay], ['a', 3, 5]);
  for (const [own, stands] of [
    [given.headers, standIns.headers],
    [given.fetch, standIns.fetch],
    [given.reconnect.when, standIns.reconnect.when],
  ]) {
    assert.equal(typeof stands, 'function');
    assert.notEqual(own, stands);
  }
  functions.follow({ ...given, reconnect: { when: () => false } });
  assert.equal(standIns.reconnect.when(), false);
  assert.equal(new LatestFunctions().standIns({ reconnect: false }).reconnect, false);
});

test('a fetch is called without a this, as the window wants it', async () => {
  const { fetch } = new LatestFunctions().standIns({ fetch: async function () { return this; } });
  assert.equal(await fetch(), undefined);
});

test('a list holds the latest events, however many are kept from now on', () => {
  const recent = new Recent(3);
  for (let n = 1; n <= 20; n += 1) recent.add({ n });
  const shown = () => recent.shown().events.map(({ n }) => n);
  assert.deepEqual(shown(), [18, 19, 20]);
  assert.equal(recent.follow({ keep: 3 }), false);
  assert.equal(recent.follow({ keep: 1 }), true);
  assert.deepEqual(shown(), [20]);
  assert.equal(recent.shown().event.n, 20);
  recent.follow({ keep: 2 });
  recent.add({ n: 21 });
  assert.deepEqual(shown(), [20, 21]);
  recent.clear();
  assert.deepEqual(recent.shown(), { event: undefined, events: [] });
  for (const keep of [0, -1, 1.5, '5', NaN]) assert.throws(() => new Recent(keep), /keep must be a whole number from 1/);
});
