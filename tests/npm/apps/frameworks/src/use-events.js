import { shallowReactive, toValue, watchPostEffect } from 'vue';
import { connect } from 'tidewire';

/** The latest event of a stream, and how it is. `url` and `options` may be refs or getters. */
export function useEvents(url, options) {
  const shown = shallowReactive({});
  watchPostEffect((onCleanup) => {
    let current = true;
    const show = (news) => current && Object.assign(shown, news);
    show({ event: undefined, state: 'closed', gaps: 0, error: undefined });
    const address = toValue(url);
    if (!address) return;
    const stream = connect(address, { share: true, ...toValue(options) });
    onCleanup(() => {
      current = false;
      stream.close();
    });
    stream.on('*', (event) => show({ event }));
    stream.addEventListener('state', ({ detail }) => show(detail));
    stream.addEventListener('open', () => show({ error: undefined }));
    stream.addEventListener('gap', () => show({ gaps: stream.stats.gaps }));
    stream.addEventListener('error', ({ detail }) => show({ error: detail.error }));
    stream.closed.then(({ error }) => error && show({ error }));
  });
  return shown;
}
