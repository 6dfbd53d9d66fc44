import { connect, initialize } from 'tidewire/slim';
import { dashtam } from 'tidewire/profiles';
// An edge runtime compiles nothing while it runs: the build hands it the module.
import wasm from '../../node_modules/tidewire/wasm/tidewire.wasm?module';

export const runtime = 'edge';

initialize(wasm);

// The first event, as the answer to a request.
export async function GET(request) {
  const query = new URL(request.url).searchParams;
  const stream = connect(`${query.get('server')}/api/v1/events`, {
    profile: dashtam,
    categories: ['data_sync'],
    token: () => query.get('token'),
    signal: request.signal,
  });
  for await (const event of stream) return Response.json(event);
  return new Response((await stream.closed).error?.message, { status: 502 });
}
