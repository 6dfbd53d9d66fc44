/** Profiles of your own, checked. */

import { TYPE_LISTS } from './lines.js';
import { type AnyProfile, profileOf, type Profile, type ProfileDefinition } from './profile.js';
import { oneOf, shown, suggestion } from './wording.js';

/**
 * Makes a profile of your own.
 *
 * ```ts
 * interface Prices { tick: { symbol: string; price: string }; halt: { symbol: string } }
 * const prices = defineProfile<Prices>({
 *   name: 'prices',
 *   categories: { market: ['tick', 'halt'] },
 *   critical: ['halt'],
 * });
 * ```
 *
 * @throws TypeError that names the member that is wrong, and what is allowed.
 */
export function defineProfile<
  Events = Record<string, unknown>,
  Meta = undefined,
  Categories = Record<string, keyof Events & string>,
>(definition: ProfileDefinition & { readonly open: true }): Profile<Events, Meta, Categories, true>;
export function defineProfile<
  Events = Record<string, unknown>,
  Meta = undefined,
  Categories = Record<string, keyof Events & string>,
>(
  definition: ProfileDefinition & { readonly open?: false | undefined },
): Profile<Events, Meta, Categories, false>;
export function defineProfile<
  Events = Record<string, unknown>,
  Meta = undefined,
  Categories = Record<string, keyof Events & string>,
>(definition: ProfileDefinition): Profile<Events, Meta, Categories>;
export function defineProfile(definition: ProfileDefinition): AnyProfile {
  check(definition);
  return profileOf(definition);
}

type Check = (value: unknown) => string | undefined;

/** What each member may be: a check answers what is allowed when it is something else. */
const MEMBERS: { readonly [member in keyof Required<ProfileDefinition>]: Check } = {
  name: text,
  discriminator: either(['event', 'none'], ['field']),
  payload: either(['whole'], ['field']),
  format: either(['json', 'text']),
  categories: (value) =>
    isRecord(value) && Object.values(value).every((types) => names(types) === undefined)
      ? undefined
      : 'an object of category names, each with a list of event types',
  aliases: recordOfText,
  critical: names,
  droppable: names,
  replayed: names,
  terminal: names,
  noCursor: names,
  onRequest: names,
  heartbeats: names,
  recurring: names,
  open: flag,
  prefixes: names,
  filter: (value) =>
    isRecord(value) &&
    (value['by'] === 'categories' || value['by'] === 'types') &&
    text(value['parameter']) === undefined &&
    ['comma', 'repeated', 'comma-then-repeated'].includes(value['list'] as string)
      ? undefined
      : "{ by: 'categories' | 'types', parameter: a name, list: 'comma' | 'repeated' | 'comma-then-repeated' }",
  cursor: either(['none', 'header'], ['query']),
  auth: either(['bearer'], ['header', 'query']),
  heartbeat: (value) =>
    isRecord(value) && [value['comment'], value['event']].filter(isDelay).length === 1
      ? undefined
      : '{ comment: milliseconds } or { event: milliseconds }',
  end: text,
  runsOnce: flag,
  gone: (value) =>
    Array.isArray(value) &&
    value.every((status) => Number.isInteger(status) && status >= 100 && status < 600)
      ? undefined
      : 'a list of HTTP statuses',
  identity: either(['none', 'id'], ['sequence', 'field']),
  recovery: either(['none', 'cursor', 'history']),
  repair: either(['none', 'line-breaks']),
  retry: delay,
  maxRetry: delay,
  text: (value) =>
    isRecord(value) &&
    [value['append'], value['replace'], value['fail']].every(
      (paths) => paths === undefined || recordOfText(paths) === undefined,
    )
      ? undefined
      : '{ append, replace, fail }: each an object of event types with a path in the payload',
};

function check(definition: ProfileDefinition): void {
  if (!isRecord(definition)) {
    throw new TypeError(`defineProfile: an object is needed, not ${shown(definition)}`);
  }
  const where = `defineProfile('${String(definition['name'])}')`;
  for (const [member, value] of Object.entries(definition)) {
    if (!Object.hasOwn(MEMBERS, member)) {
      const known = Object.keys(MEMBERS);
      throw new TypeError(
        `${where}: unknown member '${member}'${suggestion(member, known)}. Allowed: ${known.join(', ')}`,
      );
    }
    const allowed =
      value === undefined ? undefined : MEMBERS[member as keyof ProfileDefinition](value);
    if (allowed !== undefined) {
      throw new TypeError(`${where}: ${member} must be ${allowed}, not ${shown(value)}`);
    }
  }
  for (const member of ['name', 'categories'] as const) {
    if (definition[member] === undefined) {
      throw new TypeError(`${where}: ${member} is missing`);
    }
  }
  checkTypes(definition, where);
}

function checkTypes(definition: ProfileDefinition, where: string): void {
  const known = new Set<string>();
  const enter = (name: string) => {
    if (name === 'unknown') {
      throw new TypeError(`${where}: 'unknown' is the type of events that no profile knows`);
    }
    if (known.has(name)) {
      throw new TypeError(`${where}: two events are called '${name}'`);
    }
    known.add(name);
  };
  for (const [category, types] of Object.entries(definition.categories)) {
    if (text(category) !== undefined) {
      throw new TypeError(`${where}: a category must be ${text(category)}, not ${shown(category)}`);
    }
    types.forEach(enter);
  }
  const types = [...known];
  // As many as the numbers have room for by which they cross into the module.
  atMost(256, Object.keys(definition.categories).length, 'categories', where);
  atMost(65_534, types.length, 'event types', where);
  const mustBeKnown = (name: string, member: string) => {
    if (!types.includes(name)) {
      throw new TypeError(
        `${where}: ${member} names '${name}', which is in no category${suggestion(name, types)}`,
      );
    }
  };
  for (const [alias, type] of Object.entries(definition.aliases ?? {})) {
    mustBeKnown(type, 'aliases');
    enter(alias);
  }
  for (const member of TYPE_LISTS) {
    definition[member]?.forEach((name) => mustBeKnown(name, member));
  }
  for (const paths of Object.values(definition.text ?? {})) {
    Object.keys(paths ?? {}).forEach((name) => mustBeKnown(name, 'text'));
  }
  if (definition.discriminator === 'none' && types.length === 0) {
    throw new TypeError(`${where}: without a discriminator, one event type is needed`);
  }
}

function atMost(limit: number, count: number, what: string, where: string): void {
  if (count > limit) {
    throw new TypeError(
      `${where}: ${count} ${what} are more than a profile can have. Allowed: ${limit}`,
    );
  }
}

function text(value: unknown): string | undefined {
  // Tabs and line breaks part the columns and lines that a profile is handed over in.
  return typeof value === 'string' && value !== '' && !/[\t\r\n]/.test(value)
    ? undefined
    : 'text without tabs and line breaks';
}

function names(value: unknown): string | undefined {
  return Array.isArray(value) && value.every((name) => text(name) === undefined)
    ? undefined
    : 'a list of names';
}

function recordOfText(value: unknown): string | undefined {
  return isRecord(value) &&
    Object.entries(value)
      .flat()
      .every((name) => text(name) === undefined)
    ? undefined
    : 'an object of names';
}

function flag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'true or false';
}

function delay(value: unknown): string | undefined {
  return isDelay(value) ? undefined : 'a whole number of milliseconds';
}

function isDelay(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff;
}

/** One of these words, or an object with exactly one of these members. */
function either(words: readonly string[], members: readonly string[] = []): Check {
  return (value) => {
    if (words.includes(value as string)) {
      return undefined;
    }
    if (isRecord(value)) {
      const given = Object.entries(value);
      const only = given[0];
      if (
        given.length === 1 &&
        only !== undefined &&
        members.includes(only[0]) &&
        text(only[1]) === undefined
      ) {
        return undefined;
      }
    }
    return oneOf([
      ...words.map((word) => `'${word}'`),
      ...members.map((member) => `{ ${member}: a name }`),
    ]);
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
