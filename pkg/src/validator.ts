/** What `tidewire/validate` offers, as the rest of the package sees it. */

import type { Parse } from './event.js';
import type { Running } from './module.js';
import type { ProfileDefinition } from './profile.js';
import type { Batch } from './rows.js';

/** Checks payloads before they are delivered: the option `validate`. */
export interface Validator {
  /** @throws TypeError if it has no types of this very profile, or payloads are not parsed in time. */
  accept(profile: ProfileDefinition, parse: Parse | undefined): void;
  /** Loads its WebAssembly module: at the first `connect` that asks for it. */
  load(): Promise<Validation>;
}

/** A validator whose module runs. */
export interface Validation extends Running {
  /** The check of one stream's batches. */
  checker(profile: ProfileDefinition): CheckBatch;
}

/**
 * A member for each row: what its type made of the payload, or null where the type is unknown.
 * Undefined if the module broke down.
 */
export type CheckBatch = (batch: Batch) => readonly (Checked | null)[] | undefined;

export interface Checked {
  readonly data?: unknown;
  readonly meta?: unknown;
  /** Path, what was expected there, what was found. */
  readonly error?: readonly [string, string, string];
}
