/** How long the page is kept busy before it may paint and answer again. */

/** Milliseconds: most of a frame, and well below the 50 from which on a browser calls a task long. */
const LONGEST = 12;

/** When what runs now began, as far as known: a message resets it in the next task. */
let since: number | undefined;
let checked = 0;
/** Calls until the clock is looked at again, and how many those were last time. */
let left = 1;
let step = 1;

/** Whether it is time to wait for `nextTask`; asked before each event. */
export function turnIsOver(): boolean {
  left -= 1;
  if (left > 0) {
    return false;
  }
  const now = performance.now();
  if (since === undefined) {
    checked = since = now;
    void nextTask();
  }
  // The clock is not free: it is looked at the more often the slower events are dealt with.
  step = now - checked < 0.5 ? Math.min(step * 2, 512) : Math.max(step >> 2, 1);
  left = step;
  checked = now;
  return now - since > LONGEST;
}

/**
 * Not by a timer, which browsers hold back for 4 ms and, on a hidden page, for a second. Nor by
 * `scheduler.yield`, which goes before whatever else waits: a burst would keep the page's own tasks,
 * and its frames, waiting to its end.
 */
export async function nextTask(): Promise<void> {
  if (typeof MessageChannel === 'undefined') {
    // Some edge runtimes have none, and no page to paint.
    await new Promise((resolve) => setTimeout(resolve, 0));
  } else {
    const { port1, port2 } = new MessageChannel();
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(0);
    });
    port1.close();
  }
  since = undefined;
}
