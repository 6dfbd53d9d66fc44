// The components of docs/frameworks.md.

// The latest event
import { useEvents } from 'tidewire/react';
import { dashtam } from 'tidewire/profiles';

export function Accounts({ url, token }) {
  const { event, state } = useEvents(url, {
    profile: dashtam,
    types: ['sync.accounts.completed'],
    token,
  });
  if (event?.type !== 'sync.accounts.completed') return <p>{state}</p>;
  return <p>{event.data.account_count} accounts</p>;
}

// The latest events
export function Feed({ url, token }) {
  const { events, gaps } = useEvents(url, { profile: dashtam, token, keep: 20 });
  return (
    <ol data-gaps={gaps}>
      {events.map((event) => (
        <li key={event.id}>{event.name}</li>
      ))}
    </ol>
  );
}

// Every event
export function Total({ url, token }) {
  const { value, error } = useEvents(url, { profile: dashtam, token }, countAccounts, 0);
  return <p>{error ? error.message : `${value} accounts in all`}</p>;
}

function countAccounts(total, event) {
  return event.type === 'sync.accounts.completed' ? total + event.data.account_count : total;
}
