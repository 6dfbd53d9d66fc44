import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dashtam, type Dashtam } from 'tidewire/profiles';
import { encodeEvent, installClock, scriptedServer, type Clock } from 'tidewire/testing';
import { followBalances } from './balances.js';

const balance: Dashtam.BalanceUpdated = {
  account_id: 'a',
  previous_balance: '100.00',
  new_balance: '90.00',
  currency: 'EUR',
};

let clock: Clock;
beforeEach(() => {
  clock = installClock();
});
afterEach(() => clock.uninstall());

function follow(options = {}) {
  const server = scriptedServer({ profile: dashtam });
  const show = vi.fn();
  const refetch = vi.fn();
  const all = { fetch: server.fetch, show, refetch, ...options };
  const stream = followBalances('http://localhost/events', all);
  return { server, show, refetch, stream };
}

test('a balance is shown', async () => {
  const { server, show } = follow();
  const request = await server.request();
  expect(request.url.searchParams.get('categories')).toBe('portfolio');

  await request.send({ type: 'portfolio.balance.updated', id: '1', data: balance });
  expect(show).toHaveBeenCalledWith(balance);
});

test('after a cut it goes on where it was, and refetches what may be missing', async () => {
  const { server, show, refetch } = follow();
  const first = await server.request();
  await first.send({ type: 'portfolio.balance.updated', id: '1', data: balance });
  await first.cut();

  const second = await clock.until(server.request());
  expect(second.lastEventId).toBe('1');
  await second.send({ type: 'portfolio.balance.updated', id: '2', data: balance });
  await clock.advance(150);
  expect(show).toHaveBeenCalledTimes(2);
  expect(refetch).toHaveBeenCalledTimes(1);
});

test('a token that was refused is renewed', async () => {
  const token = vi.fn(async ({ reason }) => (reason === 'unauthorized' ? 'new' : 'old'));
  const { server } = follow({ token });
  const first = await server.request();
  expect(first.token).toBe('old');
  await first.refuse(401);

  const second = await server.request();
  expect(second.token).toBe('new');
});

test('a server that asks for a minute is given a minute', async () => {
  const { server, stream } = follow();
  const first = await server.request();
  await first.refuse(503, { retryAfter: 60, body: { detail: 'maintenance' } });
  expect(stream.state).toBe('waiting');

  await clock.advance(59_000);
  expect(server.requests).toHaveLength(1);
  await clock.until(server.request());
});

test('silence counts as a lost connection', async () => {
  const { server, stream } = follow({ staleAfter: 45_000 });
  const request = await server.request();
  await request.open();
  await clock.advance(30_000);
  await request.comment('still here');
  await clock.advance(44_000);
  expect(stream.state).toBe('open');

  await clock.advance(2_000);
  expect(stream.state).toBe('waiting');
  expect(request.state).toBe('aborted');
});

test('half an event is not shown, and a broken one stops nothing', async () => {
  const { server, show } = follow();
  const request = await server.request();
  const event = encodeEvent(dashtam, { type: 'portfolio.balance.updated', data: balance });
  await request.sendRaw('event: portfolio.balance.updated\ndata: {"account_\n\n', event.slice(0, 40));
  expect(show).not.toHaveBeenCalled();

  await request.sendRaw(event.slice(40));
  expect(show).toHaveBeenCalledTimes(1);
});

test('nothing is asked for, and nothing shown, once it is closed', async () => {
  const { server, show, stream } = follow();
  const request = await server.request();
  await request.open();
  stream.close();
  await request.closed;
  expect(request.state).toBe('aborted');

  await clock.advance(3_600_000);
  expect(server.requests).toHaveLength(1);
  expect(show).not.toHaveBeenCalled();
});
