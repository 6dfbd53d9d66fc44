/** The text of an answer that comes in pieces. */

import { TidewireError } from './error.js';
import type { AnyEvent } from './event.js';
import type { Settings } from './options.js';
import { refuse } from './wording.js';

export async function gatherText(
  { profile, parse }: Settings,
  events: () => AsyncIterable<AnyEvent>,
): Promise<string> {
  const { text: places, format } = profile;
  const { append = {}, replace = {}, fail = {} } = places ?? {};
  if (!places && format !== 'text') {
    refuse(`text: ${profile.name} does not say where it stands`);
  }
  if (places && parse === 'text') {
    refuse("text: the payloads are not parsed; leave out parse: 'text'");
  }
  let text = '';
  for await (const event of events()) {
    const { type, data } = event;
    if (!places) {
      text += event.raw;
    } else if (Object.hasOwn(append, type)) {
      text += textAt(data, append[type]) ?? '';
    } else if (Object.hasOwn(replace, type)) {
      text = textAt(data, replace[type]) ?? text;
    } else if (Object.hasOwn(fail, type)) {
      const why = textAt(data, fail[type]) ?? type;
      throw new TidewireError(`${profile.name} has no answer: ${why}`, { code: 'server' });
    }
  }
  return text;
}

/** The text at a path, `choices.0.delta.content` say. */
function textAt(data: unknown, path: string | undefined): string | undefined {
  let at: unknown = data;
  for (const member of path?.split('.') ?? []) {
    at =
      typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[member] : undefined;
  }
  return typeof at === 'string' ? at : undefined;
}
