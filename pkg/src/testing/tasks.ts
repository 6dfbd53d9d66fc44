/** Tasks and time as they are, whatever a test puts in their place later. */

import { everyEntry } from '../core.js';

/** Tests fake timers after they have imported this. */
const { setTimeout, clearTimeout, setImmediate } = globalThis as typeof globalThis & {
  setImmediate?: (call: () => void) => unknown;
};

/** Tasks in which what leads from one to the next comes to its end. In Node an EventSource takes one for each event. */
const TASKS = 10;

/**
 * Waits until all has happened that happens without time passing: the module being compiled,
 * promises that lead to promises, events on their way to their handlers. Timers, real input and
 * a client that has paused are not waited for.
 */
export async function settled(): Promise<void> {
  await nextTask();
  // Why it cannot be had is told by whoever wanted it.
  await everyEntry.running?.catch(() => {});
  for (let task = 0; task < TASKS; task += 1) {
    await nextTask();
  }
}

/** The next task. No fake timers hold it back. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate !== undefined) {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Waits for real milliseconds. `cancel` ends the wait, and then it never resolves. */
export function realTime(milliseconds: number): { passed: Promise<void>; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout>;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return { passed, cancel: () => clearTimeout(timer) };
}
