/**
 * Turns: the events of a chunk one after the other, as the browser itself dispatches them.
 *
 * After each event of its own the browser runs the microtasks that the handlers led to before the
 * next one. A script that dispatches from a loop does not; a task for each event does, and costs
 * more than the event. But a browser also does so between any two listeners that it calls by
 * itself: so a port is given many listeners, and every message to it is as many turns.
 */

/** Does the next thing there is to do. Answers whether there is more. */
export type Step = () => boolean;

/** Listeners of the port: turns between two tasks, unless time is up. */
const TURNS = 256;

/** So many turns come between two looks at the clock, which takes as long as a turn. */
const CLOCK = 4;

/** Milliseconds of turns after which the page may paint. */
const SLICE = 12;

/** Who has something to do. The first has the turn. */
const waiting: Step[] = [];
let nextTask: (() => void) | undefined;
/** By what a task was asked for that has not come yet. */
let dueBy: unknown;

/** Has `step` called until it answers false; not before this returns. */
export function takeTurns(step: Step): void {
  waiting.push(step);
  // The first step of a lone event needs no task: nothing else is on the stack of a microtask.
  queueMicrotask(() => {
    if (!taskIsDue()) {
      turn();
      continueInTask();
    }
  });
}

function turn(): void {
  const step = waiting[0];
  if (step !== undefined && !step()) {
    const at = waiting.indexOf(step);
    waiting.splice(at, 1);
  }
}

/** Whoever tests with faked timers may put the real ones back before the fakes have called. */
function taskIsDue(): boolean {
  return dueBy !== undefined && dueBy === scheduler();
}

/** Node.js has no microtasks between listeners, but cheap tasks. */
function scheduler(): unknown {
  return (globalThis as { setImmediate?: unknown }).setImmediate ?? MessageChannel;
}

function continueInTask(): void {
  if (waiting.length > 0 && !taskIsDue()) {
    dueBy = scheduler();
    nextTask ??= dueBy === MessageChannel ? messages() : immediates();
    nextTask();
  }
}

function immediates(): () => void {
  const host = globalThis as unknown as { setImmediate(call: () => void): unknown };
  const next = () => {
    dueBy = undefined;
    turn();
    continueInTask();
  };
  return () => host.setImmediate(next);
}

function messages(): () => void {
  const { port1, port2 } = new MessageChannel();
  let left = 0;
  let end = 0;
  for (let listener = 0; listener < TURNS; listener += 1) {
    port1.addEventListener('message', (message) => {
      if (left === 0) {
        left = TURNS;
        end = performance.now() + SLICE;
      }
      left -= 1;
      turn();
      const isLate = left % CLOCK === 0 && performance.now() >= end;
      if (left === 0 || waiting.length === 0 || isLate) {
        left = 0;
        dueBy = undefined;
        message.stopImmediatePropagation();
        // Whoever was first lets the others have their turns.
        waiting.push(...waiting.splice(0, 1));
        continueInTask();
      }
    });
  }
  port1.start();
  return () => port2.postMessage(null);
}
