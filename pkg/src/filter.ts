/** The names by which events are asked for, checked before anything is sent. */

import { type ProfileDefinition, spellingsOf, tableOf, typesOf } from './profile.js';
import { refuse, suggestion } from './wording.js';

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

/** Of all events. */
export const ALL: FilterNames = { categories: [], types: [] };

export function isAll({ categories, types }: FilterNames): boolean {
  return categories.length + types.length === 0;
}

/** @throws TypeError that names the option, the name and the nearest one that there is. */
export function checkFilter(profile: ProfileDefinition, filter: FilterNames): void {
  const known = Object.keys(profile.categories);
  for (const name of filter.categories) {
    if (!known.includes(name)) {
      refuse(
        `categories: ${profile.name} has no category '${name}'${suggestion(name, known)}. Allowed: ${known.join(', ')}`,
      );
    }
  }
  for (const name of filter.types) {
    checkType(profile, name, 'types');
  }
}

/** @throws TypeError if no event of the profile can be called that. */
export function checkType(profile: ProfileDefinition, name: string, where: string): void {
  if (!profile.open && typesCalled(profile, name).length === 0) {
    const known = typesOf(profile);
    refuse(
      `${where}: ${profile.name} has no event type ` +
        (name.includes('*') ? `that matches '${name}'` : `'${name}'${suggestion(name, known)}`),
    );
  }
}

/** Which events a handler for `name` is called with. */
export function matcher(profile: ProfileDefinition, name: string): Passes {
  if (name === '*') {
    return () => true;
  }
  if (name === 'unknown') {
    return (event) => event.category === null;
  }
  const passes = filterMatcher(profile, { categories: [], types: [name] });
  // Of a closed profile's unknown events a type's handler hears nothing: its type does not promise them.
  return (event) => (event.category !== null || profile.open === true) && passes(event);
}

/**
 * What a filter lets through, for events that were received under another one.
 * A filter that names nothing lets all through.
 */
export function filterMatcher(profile: ProfileDefinition, filter: FilterNames): Passes {
  const types = filter.types.flatMap((name) => typesCalled(profile, name));
  const patterns = filter.types.map(glob);
  return ({ type, name, category }) =>
    isAll(filter) ||
    (category === null
      ? patterns.some((pattern) => pattern.test(name))
      : filter.categories.includes(category) || types.includes(type));
}

/** The parameters by which the server is asked for what a filter names, at first. */
export function filterQuery(profile: ProfileDefinition, filter: FilterNames): [string, string][] {
  const { filter: form, onRequest = [], open } = profile;
  const { types } = filter;
  if (
    !form ||
    isAll(filter) ||
    types.includes('*') ||
    // A name outside the table can be of any category: only the whole stream has it.
    (open === true && types.some((name) => typesCalled(profile, name).length === 0))
  ) {
    return [];
  }
  const all = tableOf(profile);
  const wanted = all.filter(filterMatcher(profile, filter));
  const isWhole =
    wanted.length === all.length - onRequest.length &&
    !wanted.some(({ type }) => onRequest.includes(type));
  if (form.by === 'types' && isWhole) {
    return [];
  }
  const values = [
    ...new Set(wanted.map(({ type, category }) => (form.by === 'types' ? type : category))),
  ];
  return (form.list === 'repeated' ? values : [values.join(',')]).map((value) => [
    form.parameter,
    value,
  ]);
}

/** The profile's types that a name, an alias or a glob stands for. */
function typesCalled(profile: ProfileDefinition, name: string): string[] {
  const types = typesOf(profile);
  // A name as it stands goes before the same one made of a prefix and another.
  const type =
    types.find((type) => type === name || profile.aliases?.[name] === type) ??
    types.find((type) => spellingsOf(profile, type).includes(name));
  if (type) {
    return [type];
  }
  const pattern = glob(name);
  return types.filter((type) => spellingsOf(profile, type).some((name) => pattern.test(name)));
}

/** `*` is any run of characters, dots included. */
function glob(name: string): RegExp {
  const pattern = name.replace(/[^\w*]/g, '\\$&').replace(/\*+/g, '.*');
  return new RegExp(`^${pattern}$`, 's');
}
