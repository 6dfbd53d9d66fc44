// DOM work, once a frame: however many events a chunk brings, the page is
// written to at most once between two paints.

const HIDDEN_INTERVAL = 500; // ms: a hidden page has no frames, yet keeps count

const pending = new Set();
let cancelNext;

/** Runs `task` in the next frame; asking again before that changes nothing. */
export function inNextFrame(task) {
  pending.add(task);
  if (!cancelNext) schedule();
}

function schedule() {
  if (document.hidden) {
    const timer = setTimeout(run, HIDDEN_INTERVAL);
    cancelNext = () => clearTimeout(timer);
  } else {
    const frame = requestAnimationFrame(run);
    cancelNext = () => cancelAnimationFrame(frame);
  }
}

function run() {
  cancelNext = undefined;
  const tasks = [...pending];
  pending.clear();
  for (const task of tasks) task();
}

// A frame asked for just before the page is hidden would come only at its return.
document.addEventListener('visibilitychange', () => {
  if (!cancelNext) return;
  cancelNext();
  schedule();
});
