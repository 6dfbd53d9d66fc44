// The other end of a system's connection: what the test server can be told to do to it.

import { send } from './origin.js';
import { pathOf } from './systems.js';

/** Seconds that a server which is not there asks to be left alone for. */
const RETRY_AFTER = '2';

export class ServerSide {
  #base;
  #path;
  /** The system's name at the server, where it keeps something for a resume. */
  #keeps;
  #repeats;

  constructor(base, system) {
    this.#base = base;
    this.#path = pathOf(system);
    this.#keeps = system.keeps;
    this.#repeats = !system.question;
  }

  /** Resets the open connections; says what became of it, as the others do. */
  async cut() {
    return `reset ${streams(await this.#cut('rst'))}`;
  }

  /** Keeps the connections open and sends nothing more. */
  async stall() {
    const { stalled } = await this.#call('/connections/stall', { path: this.#path });
    return { held: stalled > 0, text: `stalls ${streams(stalled)}` };
  }

  async goOn() {
    const { stalled } = await this.#call('/connections/stall', { path: this.#path, stall: false });
    return `goes on with ${streams(stalled)}`;
  }

  async failNext() {
    const armed = await this.#fail();
    return armed === 1 ? 'will answer the next attempt with 503' : `will answer the next ${armed} attempts with 503`;
  }

  /**
   * Ends the connections as a server does that goes down, forgets what only its memory held,
   * and is not back yet when it is asked for the first time.
   */
  async restart() {
    // A question is sent once: the next one is somebody's own, and is to be answered.
    if (this.#repeats) await this.#fail();
    if (this.#keeps) await this.#call('/forget', { system: this.#keeps });
    const ended = `restarts, ending ${streams(await this.#cut('fin'))}`;
    return this.#keeps ? `${ended} and forgetting what it kept` : ended;
  }

  async #cut(how) {
    return (await this.#call('/connections/cut', { path: this.#path, how })).cut;
  }

  /** How many attempts are going to fail. */
  async #fail() {
    const headers = { 'retry-after': RETRY_AFTER, 'content-type': 'text/plain' };
    const fault = { answer: { status: 503, headers, body: 'not now' } };
    return (await this.#call('/faults', { path: this.#path, fault })).armed;
  }

  async #call(path, body) {
    return (await send('POST', `${this.#base}/_tidewire${path}`, body)).json();
  }
}

function streams(count) {
  if (count === 0) return 'no stream: none is open';
  return count === 1 ? '1 stream' : `${count} streams`;
}
