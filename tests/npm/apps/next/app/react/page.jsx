'use client';

import { useEffect, useState } from 'react';
import { dashtam } from 'tidewire/profiles';
import { useEvents } from 'tidewire/react';
import { Shown } from '../shown.jsx';

// Rendered on the server first, where nothing is known of the address that was asked for.
export default function Page() {
  const [query, setQuery] = useState();
  useEffect(() => setQuery(new URLSearchParams(location.search)), []);
  const { events, state, closed } = useEvents(query && `${query.get('server')}/api/v1/events`, {
    profile: dashtam,
    categories: ['data_sync'],
    token: query?.get('token'),
  });
  const lines = events.map(({ type, data }) =>
    type === 'sync.accounts.completed' ? `${data.account_count} accounts` : type,
  );
  return <Shown lines={lines} state={closed ? closed.reason : state === 'open' ? state : ''} />;
}
