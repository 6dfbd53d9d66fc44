/**
 * Checked payloads: a second WebAssembly module, with the Rust types of the built-in profiles.
 *
 * ```ts
 * import { validator } from 'tidewire/validate';
 * connect('/api/v1/events', { profile: dashtam, validate: validator });
 * ```
 */

import createGlue from '../wasm/validate-glue.js';
import { compileText, instantiate, moduleLoader } from './module.js';
import type { ProfileDefinition } from './profile.js';
import { cortex } from './profiles/cortex.js';
import { dashtam } from './profiles/dashtam.js';
import { hive } from './profiles/hive.js';
import { stageChat } from './profiles/stage-chat.js';
import { stockAgent } from './profiles/stock-agent.js';
import { type Batch, dataOf } from './rows.js';
import type { Checked, CheckBatch, Validation, Validator } from './validator.js';
// Comes last, as in the default entry.
import base64 from '../wasm/validate-inline.js';

export type { Validator } from './validator.js';

/** The module's export. */
interface Checker {
  /** The text of an array of payloads, and the batch's rows, to the JSON of a `Checked` or null for each row. */
  check(text: string, rows: Uint32Array): string;
}
type CheckerClass = new (profile: string, types: string[]) => Checker;

const PROFILES = [dashtam, stockAgent, cortex, stageChat, hive];

const load = /*#__PURE__*/ moduleLoader(() => compileText(base64), start, {});

/**
 * The value of `validate`: each payload is decoded by the Rust type of its event before it is
 * delivered. What does not fit is a `decodeerror`, with path, expected and found.
 */
export const validator: Validator = {
  accept(profile, parse) {
    if (!PROFILES.some(({ definition }) => definition === profile)) {
      throw new TypeError(
        `validate: there are no types of ${profile.name}'s payloads. Allowed: the built-in profiles ` +
          PROFILES.map(({ name }) => name).join(', '),
      );
    }
    if (parse !== undefined && parse !== 'eager') {
      throw new TypeError(
        `validate: payloads are checked before they are delivered, which parse: '${parse}' forbids. ` +
          "Allowed: 'eager'",
      );
    }
  },
  load,
};

async function start(module: WebAssembly.Module): Promise<Validation> {
  const glue = createGlue();
  const { exports, onTrap } = await instantiate(module, { './tidewire_bg.js': glue.imports });
  glue.start(exports);
  const checker = glue.imports.Checker as CheckerClass;
  return { checker: (profile) => checkerOf(checker, profile), onTrap };
}

function checkerOf(Class: CheckerClass, profile: ProfileDefinition): CheckBatch {
  const checker = new Class(profile.name, Object.values(profile.categories).flat());
  return (batch: Batch) => {
    const array = `[${dataOf(batch).join(',')}]`;
    let checked: string | undefined;
    try {
      checked = checker.check(array, batch.rows) as string | undefined;
    } catch {
      // A trap: whoever listens has been told.
    }
    return checked === undefined ? undefined : (JSON.parse(checked) as (Checked | null)[]);
  };
}
