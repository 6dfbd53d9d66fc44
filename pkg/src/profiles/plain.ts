/**
 * Any other event stream. Events without a name are `message`s; every other name is unknown
 * to the profile, and welcome.
 */

// Printed from the tables in src/profiles by `cargo xtask types`. Change those.

import { profileOf } from '../profile.js';

/** Event types, and their payloads. */
export interface PlainEvents {
  /** An event without a name. */
  message: string;
}

/** Categories, and their event types. */
export interface PlainCategories {
  message: 'message';
}

/**
 * Any other event stream. Events without a name are `message`s; every other name is unknown
 * to the profile, and welcome.
 */
export const plain = /*#__PURE__*/ profileOf<PlainEvents, undefined, PlainCategories>({
  name: 'plain',
  format: 'text',
  categories: {
    message: ['message'],
  },
  open: true,
  recovery: 'cursor',
  retry: 3000,
});
