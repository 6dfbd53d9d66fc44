import { dashtam } from 'tidewire/profiles';
import { Client } from './client.jsx';

// A component of the server: it reads the profile's table there.
export default function Page() {
  return (
    <>
      <h1>{dashtam.name}</h1>
      <Client />
    </>
  );
}
