// The application's other half: shows what comes, whichever entry `connect` is of.

import { dashtam } from 'tidewire/profiles';
import { show, tell } from './show.js';

export async function follow(connect) {
  const query = new URLSearchParams(location.search);
  const stream = connect(`${query.get('server')}/api/v1/events`, {
    profile: dashtam,
    categories: ['data_sync'],
    token: () => query.get('token'),
  });
  stream.addEventListener('open', () => tell('open'));
  stream.closed.then(({ reason, error }) => tell(`${reason}: ${error}`));
  for await (const event of stream) {
    if (event.type === 'sync.accounts.completed') show(`${event.data.account_count} accounts`);
    else show(event.type);
  }
}
