import { connect } from 'tidewire';

/** The latest event of a stream, and how it is, as `current`. `url` and `options` are functions. */
export function useEvents(url, options = () => ({})) {
  let current = $state.raw({ state: 'closed', gaps: 0 });
  $effect(() => {
    let shown = { event: undefined, state: 'closed', gaps: 0, error: undefined };
    const show = (news) => shown && (current = shown = { ...shown, ...news });
    show({});
    const address = url();
    if (!address) return;
    const stream = connect(address, { share: true, ...options() });
    stream.on('*', (event) => show({ event }));
    stream.addEventListener('state', ({ detail }) => show(detail));
    stream.addEventListener('open', () => show({ error: undefined }));
    stream.addEventListener('gap', () => show({ gaps: stream.stats.gaps }));
    stream.addEventListener('error', ({ detail }) => show({ error: detail.error }));
    stream.closed.then(({ error }) => error && show({ error }));
    return () => {
      shown = undefined;
      stream.close();
    };
  });
  return {
    get current() {
      return current;
    },
  };
}
