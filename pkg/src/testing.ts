/**
 * For tests of your own code: a server that does what the test says, without a network, and a
 * clock that goes when the test says. Nothing here knows a test runner.
 *
 * ```ts
 * const server = scriptedServer({ profile: dashtam });
 * const stream = connect('/events', { profile: dashtam, fetch: server.fetch });
 * stream.on('sync.accounts.completed', ({ data }) => show(data.account_count));
 *
 * const request = await server.request();
 * await request.send({ type: 'sync.accounts.completed', data: { connection_id: 'c', account_count: 3 } });
 * await request.cut();
 * ```
 */

export { installClock, type Clock } from './testing/clock.js';
export { encodeEvent, type EventToSend } from './testing/encode.js';
export type {
  Answer,
  Refusal,
  RequestState,
  ScriptedRequest,
} from './testing/request.js';
export {
  scriptedServer,
  type ScriptedServer,
  type ScriptedServerOptions,
} from './testing/server.js';
export { settled } from './testing/tasks.js';
