/** Iterators over what a stream holds. */

import type { Closed } from './stream.js';
import { nextTask, turnIsOver } from './turn.js';

/** The stream, as an iterator sees it. */
export interface Consumer<T> {
  /** What is there, or undefined. */
  take(): T | undefined;
  /** How the stream ended, once all has been taken. */
  end(): Closed | undefined;
  /** Calls once when there may be something to take, or an end. */
  wait(waiter: () => void): void;
  /** The iterator is done. */
  release(close: boolean): void;
}

export function iterate<T>(
  consumer: Consumer<T>,
  options: { preventClose?: boolean | undefined } | undefined,
): AsyncIterableIterator<T> {
  let done = false;
  // Calls of `next` that overlap are answered in their order.
  let last: Promise<unknown> = Promise.resolve();
  let pending = 0;
  const finish = (close: boolean) => {
    if (!done) {
      done = true;
      consumer.release(close);
    }
  };
  const step = async (): Promise<IteratorResult<T, undefined>> => {
    try {
      return await answer();
    } finally {
      // Before whoever waits is told, and asks for the next.
      pending -= 1;
    }
  };
  const answer = async (): Promise<IteratorResult<T, undefined>> => {
    for (;;) {
      if (done) {
        return { done: true, value: undefined };
      }
      const value = consumer.take();
      if (value) {
        return { done: false, value };
      }
      const end = consumer.end();
      if (end) {
        finish(false);
        // The quiet ends have none.
        if (end.error) {
          throw end.error;
        }
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => consumer.wait(resolve));
    }
  };
  return {
    next() {
      const rest = !done && turnIsOver();
      if (pending === 0 && !done && !rest) {
        // The common case, of which there may be thousands in a chunk.
        const value = consumer.take();
        if (value) {
          return Promise.resolve({ done: false, value });
        }
      }
      pending += 1;
      const next = (rest ? last.then(nextTask) : last).then(step);
      last = next.catch(() => undefined);
      return next;
    },
    async return() {
      finish(options?.preventClose !== true);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

export function readable<T>(events: AsyncIterableIterator<T>): ReadableStream<T> {
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await events.next();
        if (done) {
          controller.close();
        } else {
          controller.enqueue(value);
        }
      },
      async cancel() {
        await events.return?.();
      },
    },
    // Nothing is taken before it is asked for.
    { highWaterMark: 0 },
  );
}
