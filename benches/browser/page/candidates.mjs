// Who is measured. Each candidate reads one stream in the form in which its own README shows it,
// and gives the type and the data (or the parsed payload) of each event to a tally.
//
// `read(source, task, tally)` begins; it answers how to stop, or a promise of that.
// A source is `{ url, fetch }`; `fetch` is undefined where the browser's own is to be used.

import { fetchEventSource } from '@microsoft/fetch-event-source';
import { EventSource as NpmEventSource } from 'eventsource';
import { createParser } from 'eventsource-parser';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { events as fetchEventStream } from 'fetch-event-stream';
import { SSE } from 'sse.js';
import { connect } from 'tidewire';
import { dashtam, plain } from 'tidewire/profiles';
import { OwnEventSource } from 'virtual:tidewire-eventsource';

import { CATEGORY, TYPE, taker, wantedTypes } from './tasks.mjs';

const ours = ({ url, fetch }, { workload, filter, parsed }) =>
  connect(new URL(url, location.href), {
    profile: workload === 'finance' ? dashtam : plain,
    parse: parsed ? 'eager' : 'text',
    types: filter === 'type' ? [TYPE] : undefined,
    categories: filter === 'category' ? [CATEGORY] : undefined,
    reconnect: false,
    fetch,
  });

const request = ({ url, fetch: given }, init) => (given ?? fetch)(url, init);

/** An EventSource hears of a type only what it listens to. */
function listen(source, task, tally) {
  const take = taker({ ...task, filter: 'none' }, tally);
  const listener = (event) => take(event.type, event.data);
  for (const type of wantedTypes(task)) source.addEventListener(type, listener);
  return () => source.close();
}

export const CANDIDATES = {
  tidewire(source, task, tally) {
    const stream = ours(source, task);
    stream.on(
      '*',
      task.parsed
        ? (event) => tally.parsed(event.type, event.data)
        : (event) => tally.text(event.type, event.data),
    );
    return () => stream.close();
  },

  'tidewire batches()': (source, task, tally) => {
    const stream = ours(source, task);
    const take = async () => {
      if (task.parsed) {
        for await (const batch of stream.batches()) {
          for (const event of batch) tally.parsed(event.type, event.data);
        }
      } else {
        for await (const batch of stream.batches()) {
          for (const event of batch) tally.text(event.type, event.data);
        }
      }
    };
    void take();
    return () => stream.close();
  },

  'tidewire EventSource':
    OwnEventSource &&
    ((source, task, tally) =>
      listen(
        new OwnEventSource(new URL(source.url, location.href), { fetch: source.fetch }),
        task,
        tally,
      )),

  /** The usual form: a loop that feeds what a streaming decoder gives. */
  'eventsource-parser': (source, task, tally) => {
    const take = taker(task, tally);
    const parser = createParser({
      onEvent: (event) => take(event.event ?? 'message', event.data),
    });
    return readChunks(source, (decoder, value) =>
      parser.feed(decoder.decode(value, { stream: true })),
    );
  },

  'eventsource-parser stream': async (source, task, tally) => {
    const take = taker(task, tally);
    const abort = new AbortController();
    const response = await request(source, { signal: abort.signal });
    const reader = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    const pump = async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        take(value.event ?? 'message', value.data);
      }
    };
    pump().catch(unlessAborted(abort));
    return () => abort.abort();
  },

  'fetch-event-source': (source, task, tally) => {
    const take = taker(task, tally);
    const abort = new AbortController();
    void fetchEventSource(source.url, {
      signal: abort.signal,
      openWhenHidden: true,
      fetch: source.fetch,
      // It calls for blocks that are no event (a comment, `retry`): an application has to look.
      onmessage: (event) => {
        if (event.data !== '' || !task.parsed) take(event.event || 'message', event.data);
      },
      onerror(error) {
        throw error;
      },
    }).catch(unlessAborted(abort));
    return () => abort.abort();
  },

  'fetch-event-stream': async (source, task, tally) => {
    const take = taker(task, tally);
    const abort = new AbortController();
    const response = await request(source, { signal: abort.signal });
    const pump = async () => {
      for await (const event of fetchEventStream(response, abort.signal)) {
        // The same here.
        if (event.data !== undefined || !task.parsed)
          take(event.event ?? 'message', event.data ?? '');
      }
    };
    pump().catch(unlessAborted(abort));
    return () => abort.abort();
  },

  'npm eventsource': (source, task, tally) =>
    listen(new NpmEventSource(source.url, { fetch: source.fetch }), task, tally),

  'native EventSource': (source, task, tally) => listen(new EventSource(source.url), task, tally),

  'sse.js': (source, task, tally) => {
    const stream = new SSE(source.url, { start: false });
    const stop = listen(stream, task, tally);
    stream.stream();
    return stop;
  },

  /** Not a candidate: what the others cannot beat. */
  'bytes alone': (source, task, tally) =>
    readChunks(source, (_, value) => tally.bytes(value.length)),
};

async function readChunks(source, take) {
  const abort = new AbortController();
  const response = await request(source, { signal: abort.signal });
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const pump = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      take(decoder, value);
    }
  };
  pump().catch(unlessAborted(abort));
  return () => abort.abort();
}

const unlessAborted = (abort) => (error) => {
  if (!abort.signal.aborted) throw error;
};
