/** The names by which events are asked for, checked before anything is sent. */

import type { ProfileDefinition } from './profile.js';
import { suggestion } from './wording.js';

/** What of a stream is wanted: events of any of these. */
export interface FilterNames {
  readonly categories: readonly string[];
  readonly types: readonly string[];
}

/** Whether an event of this type, name and category is wanted. */
export type Passes = (event: {
  readonly type: string;
  readonly name: string;
  readonly category: string | null;
}) => boolean;

/** @throws TypeError that names the option, the name and the nearest one that there is. */
export function checkFilter(profile: ProfileDefinition, filter: FilterNames): void {
  const categories = Object.keys(profile.categories);
  for (const name of filter.categories) {
    if (!categories.includes(name)) {
      throw new TypeError(
        `categories: ${profile.name} has no category '${name}'${suggestion(name, categories)}. Allowed: ${categories.join(', ')}`,
      );
    }
  }
  for (const name of filter.types) {
    checkType(profile, name, 'types');
  }
}

/** @throws TypeError if no event of the profile can be called that. */
export function checkType(profile: ProfileDefinition, name: string, where: string): void {
  if (typesCalled(profile, name).length > 0 || profile.open) {
    return;
  }
  const known = Object.values(profile.categories).flat();
  throw new TypeError(
    name.includes('*')
      ? `${where}: ${profile.name} has no event type that matches '${name}'`
      : `${where}: ${profile.name} has no event type '${name}'${suggestion(name, known)}`,
  );
}

/** Which events a handler for `name` is called with. */
export function matcher(profile: ProfileDefinition, name: string): Passes {
  if (name === '*') {
    return () => true;
  }
  if (name === 'unknown') {
    return (event) => event.category === null;
  }
  const types = new Set(typesCalled(profile, name));
  const pattern = glob(name);
  // Of a closed profile's unknown events a type's handler hears nothing: its type does not promise them.
  return (event) =>
    event.category === null
      ? profile.open === true && pattern.test(event.name)
      : types.has(event.type);
}

/**
 * What a filter lets through, for events that were received under another one.
 * A filter that names nothing lets all through.
 */
export function filterMatcher(profile: ProfileDefinition, filter: FilterNames): Passes {
  if (filter.categories.length === 0 && filter.types.length === 0) {
    return () => true;
  }
  const types = new Set(filter.types.flatMap((name) => typesCalled(profile, name)));
  const patterns = filter.types.map(glob);
  return (event) =>
    event.category === null
      ? patterns.some((pattern) => pattern.test(event.name))
      : filter.categories.includes(event.category) || types.has(event.type);
}

/** The parameters by which the server is asked for what a filter names, at first. */
export function filterQuery(profile: ProfileDefinition, filter: FilterNames): [string, string][] {
  const { filter: form, categories, onRequest = [], open } = profile;
  const { types } = filter;
  const isOutside = (name: string) => typesCalled(profile, name).length === 0;
  if (
    form === undefined ||
    types.length + filter.categories.length === 0 ||
    types.includes('*') ||
    // A name outside the table can be of any category: only the whole stream has it.
    (open === true && types.some(isOutside))
  ) {
    return [];
  }
  const passes = filterMatcher(profile, filter);
  const all = Object.values(categories).flat();
  const wanted = Object.entries(categories).flatMap(([category, types]) =>
    types.filter((type) => passes({ type, name: type, category })),
  );
  let values = wanted;
  if (form.by === 'categories') {
    values = Object.keys(categories).filter((category) =>
      categories[category]?.some((type) => wanted.includes(type)),
    );
  } else if (
    wanted.length === all.length - onRequest.length &&
    !wanted.some((type) => onRequest.includes(type))
  ) {
    return [];
  }
  return form.list === 'repeated'
    ? values.map((value) => [form.parameter, value])
    : [[form.parameter, values.join(',')]];
}

/** The profile's types that a name, an alias or a glob stands for. */
function typesCalled(profile: ProfileDefinition, name: string): string[] {
  const known = Object.values(profile.categories).flat();
  const aliases = profile.aliases ?? {};
  const named = (name: string) =>
    known.includes(name) ? name : Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  const prefix = profile.prefixes?.find((prefix) => name.startsWith(`${prefix}.`));
  const exact = named(name) ?? (prefix && named(name.slice(prefix.length + 1)));
  if (exact !== undefined) {
    return [exact];
  }
  if (!name.includes('*')) {
    return [];
  }
  const pattern = glob(name);
  const prefixes = ['', ...(profile.prefixes ?? []).map((prefix) => `${prefix}.`)];
  // `<prefix>.name` means `name`: a glob may mean it by either.
  const matches = (name: string) => prefixes.some((prefix) => pattern.test(prefix + name));
  return known.filter(
    (type) =>
      matches(type) ||
      Object.entries(aliases).some(([alias, meant]) => meant === type && matches(alias)),
  );
}

/** `*` is any run of characters, dots included. */
function glob(name: string): RegExp {
  const parts = name.split(/\*+/).map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
