// The worker's half.

import { connect } from 'tidewire';
import { dashtam } from 'tidewire/profiles';

onmessage = async ({ data }) => {
  const query = new URLSearchParams(data);
  const stream = connect(`${query.get('server')}/api/v1/events`, {
    profile: dashtam,
    categories: ['data_sync'],
    token: () => query.get('token'),
  });
  stream.addEventListener('open', () => postMessage({ state: 'open' }));
  stream.closed.then(({ reason, error }) => postMessage({ state: `${reason}: ${error}` }));
  for await (const event of stream) {
    if (event.type === 'sync.accounts.completed') {
      postMessage({ line: `${event.data.account_count} accounts` });
    } else {
      postMessage({ line: event.type });
    }
  }
};
