/** What a scripted server takes and gives. Compiled, never run. */

import { defineProfile } from 'tidewire';
import { cortex, dashtam, hive, plain } from 'tidewire/profiles';
import {
  encodeEvent,
  installClock,
  scriptedServer,
  type Clock,
  type EventToSend,
  type ScriptedRequest,
  type ScriptedServer,
} from 'tidewire/testing';

export async function typedByItsType(): Promise<void> {
  const server: ScriptedServer<typeof dashtam> = scriptedServer({ profile: dashtam });
  const theFetch: typeof fetch = server.fetch;
  void theFetch;
  const request: ScriptedRequest<typeof dashtam> = await server.request();
  const data = { connection_id: 'c', account_count: 3 };
  await request.send({ type: 'sync.accounts.completed', id: '1', data });
  await request.send({ type: 'unknown', name: 'of tomorrow', data: [1] });
  // @ts-expect-error -- no such type
  await request.send({ type: 'sync.accounts.complete', data });
  // @ts-expect-error -- another type's payload
  await request.send({ type: 'import.failed', data });
  // @ts-expect-error -- an unknown event has a name
  await request.send({ type: 'unknown', data });
  // @ts-expect-error -- the profile has no envelope
  await request.send({ type: 'sync.accounts.completed', data, meta: { stream_id: 'queen' } });
  await request.cut(new TypeError('Load failed'));
  // @ts-expect-error -- a number of seconds, a date or its text
  await request.refuse(503, { retryAfter: {} });
}

export async function withAnEnvelope(): Promise<void> {
  const request = await scriptedServer({ profile: hive }).request({ timeout: undefined });
  await request.send({ type: 'execution_started', data: { input: {} }, meta: { stream_id: 'queen', seq: 3 } });
  // @ts-expect-error -- it is text
  await request.send({ type: 'execution_started', data: { input: {} }, meta: { stream_id: 3 } });
}

export async function ofOpenProfiles(): Promise<void> {
  const request = await scriptedServer().request();
  await request.send({ type: 'message', data: 'text' }, { type: 'unknown', name: 'x', data: '' });
  // @ts-expect-error -- text
  await request.send({ type: 'message', data: { a: 1 } });
  // @ts-expect-error -- what is not in the table is unknown
  await request.send({ type: 'other', data: '' });
  encodeEvent(cortex, { type: 'heartbeat', data: {} });
  encodeEvent(plain, { type: 'message', data: '' });
}

export async function ofYourOwn(): Promise<void> {
  const prices = defineProfile<{ tick: { price: string } }>({
    name: 'prices',
    categories: { market: ['tick'] },
  });
  const event: EventToSend<typeof prices> = { type: 'tick', data: { price: '1.0' } };
  const server = scriptedServer({ profile: prices, answer: (request) => request.send(event) });
  // @ts-expect-error -- text
  await (await server.request()).send({ type: 'tick', data: { price: 1 } });
  const untyped = defineProfile({ name: 'any', categories: { all: ['a'] } });
  encodeEvent(untyped, { type: 'a', data: 1 });
}

export async function time(): Promise<void> {
  const clock: Clock = installClock();
  const second: ScriptedRequest = await clock.until(scriptedServer().request(), { limit: 1_000 });
  await clock.advance(second.number);
  clock.uninstall();
}
