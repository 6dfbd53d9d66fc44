import { connect } from 'tidewire';
import { dashtam } from 'tidewire/profiles';

// On the server: the first event, as the answer to a request.
export async function GET(request) {
  const query = new URL(request.url).searchParams;
  const stream = connect(`${query.get('server')}/api/v1/events`, {
    profile: dashtam,
    categories: ['data_sync'],
    token: () => query.get('token'),
    signal: request.signal,
  });
  for await (const event of stream) return Response.json(event);
  return new Response(null, { status: 502 });
}
