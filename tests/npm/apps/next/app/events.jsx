'use client';

import { useEffect, useState } from 'react';
import { dashtam } from 'tidewire/profiles';
import { Shown } from './shown.jsx';

/** What comes, whichever entry `connect` is of. */
export function Events({ connect }) {
  const [lines, setLines] = useState([]);
  const [state, setState] = useState('');
  useEffect(() => {
    const query = new URLSearchParams(location.search);
    const stream = connect(`${query.get('server')}/api/v1/events`, {
      profile: dashtam,
      categories: ['data_sync'],
      token: () => query.get('token'),
    });
    stream.addEventListener('open', () => setState('open'));
    stream.closed.then(({ reason, error }) => setState(`${reason}: ${error}`));
    stream.on('*', (event) => {
      const line =
        event.type === 'sync.accounts.completed'
          ? `${event.data.account_count} accounts`
          : event.type;
      setLines((lines) => [...lines, line]);
    });
    return () => stream.close();
  }, [connect]);
  return <Shown lines={lines} state={state} />;
}
