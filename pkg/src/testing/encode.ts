/** An event as a server of a profile would write it. */

import type { AnyProfile, ProfileDefinition, TypesOf } from '../profile.js';
import { shown, suggestion } from '../wording.js';

interface Fields {
  /** The `id` field. */
  readonly id?: string | undefined;
}

type MetaToSend<Meta> = [Meta] extends [undefined]
  ? { readonly meta?: undefined }
  : {
      /** What stands around the payload. What is left out is not written. */
      readonly meta?: (Partial<Meta> & { readonly [member: string]: unknown }) | undefined;
    };

interface KnownToSend<Type, Data> extends Fields {
  readonly type: Type;
  /** The name on the wire, where it is to be another than the type's: an alias. */
  readonly name?: string | undefined;
  /** The payload. */
  readonly data: Data;
}

interface UnknownToSend extends Fields {
  readonly type: 'unknown';
  /** The name on the wire. */
  readonly name: string;
  readonly data: unknown;
}

/**
 * An event to send: its payload is typed by its `type`, as on a stream that receives it. One that
 * the profile does not know has the type `unknown` and a `name`.
 */
export type EventToSend<P extends AnyProfile> = (
  | {
      [Type in keyof TypesOf<P>['events'] & string]: KnownToSend<Type, TypesOf<P>['events'][Type]>;
    }[keyof TypesOf<P>['events'] & string]
  | UnknownToSend
) &
  MetaToSend<TypesOf<P>['meta']>;

/**
 * The text of an event, with the empty line that ends it: to be sent in pieces, say, by `sendRaw`.
 *
 * @throws TypeError for a type that the profile does not have.
 */
export function encodeEvent<P extends AnyProfile>(profile: P, event: EventToSend<P>): string {
  return encode(profile.definition, event as AnyEventToSend);
}

export interface AnyEventToSend {
  readonly type: string;
  readonly name?: string | undefined;
  readonly data: unknown;
  readonly meta?: object | undefined;
  readonly id?: string | undefined;
}

export function encode(profile: ProfileDefinition, event: AnyEventToSend): string {
  const name = nameOf(profile, event);
  const lines: string[] = [];
  if (event.id !== undefined) {
    lines.push(`id: ${oneLine('id', event.id)}`);
  }
  const { discriminator = 'event' } = profile;
  // An event without a name is a message.
  if (discriminator === 'event' && name !== 'message') {
    lines.push(`event: ${oneLine('name', name)}`);
  }
  for (const line of dataOf(profile, name, event).split(/\r\n|\r|\n/)) {
    lines.push(`data: ${line}`);
  }
  return `${lines.join('\n')}\n\n`;
}

function nameOf({ name: profile, categories }: ProfileDefinition, event: AnyEventToSend): string {
  const { type, name } = event;
  if (type === 'unknown') {
    if (name === undefined) {
      throw new TypeError("send: an event of the type 'unknown' needs a name");
    }
    return name;
  }
  const types = Object.values(categories).flat();
  if (!types.includes(type)) {
    throw new TypeError(
      `send: ${profile} has no event type ${shown(type)}${suggestion(String(type), types)}. ` +
        "An event that it does not know is { type: 'unknown', name, data }",
    );
  }
  return name ?? type;
}

function dataOf(
  { discriminator, payload, format }: ProfileDefinition,
  name: string,
  { data, meta }: AnyEventToSend,
): string {
  const named = typeof discriminator === 'object' ? { [discriminator.field]: name } : undefined;
  if (typeof payload === 'object') {
    return JSON.stringify({ ...named, [payload.field]: data, ...meta });
  }
  if (named !== undefined) {
    if (typeof data !== 'object' || data === null) {
      throw new TypeError(`send: the data of '${name}' must be an object, not ${shown(data)}`);
    }
    return JSON.stringify({ ...named, ...data });
  }
  // What is no JSON, undefined say, is sent as no data.
  return format === 'text' ? String(data) : (JSON.stringify(data) ?? '');
}

function oneLine(what: string, text: string): string {
  if (/[\0\r\n]/.test(text)) {
    throw new TypeError(`send: ${what} must be text without NUL and line breaks, not ${shown(text)}`);
  }
  return text;
}
