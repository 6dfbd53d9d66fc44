// Where each system is served. Every system lives in a namespace of its own,
// reached as a host of its own: browsers open at most six HTTP/1.1 connections
// to one host, over all tabs together, and three endless streams a tab would
// use them up with the second tab.

const parameters = new URLSearchParams(location.search);
/** `?ns=mine` gives a page namespaces that no other page shares. */
const prefix = parameters.has('ns') ? `${parameters.get('ns')}-` : '';

/** The absolute address that a system's paths are to be appended to. */
export async function baseOf(system) {
  const namespace = prefix + system;
  const { protocol, port, origin } = location;
  const shared = `${origin}/ns/${namespace}`;
  if (!servedLocally()) return shared;
  const own = `${protocol}//${namespace}.localhost${port ? `:${port}` : ''}`;
  // Not every browser resolves names below `localhost`; the path works anywhere.
  try {
    return (await fetch(`${own}/_tidewire/config`, { cache: 'no-store' })).ok ? own : shared;
  } catch {
    return shared;
  }
}

/** Has the server produce live traffic, unless another tab did so already, and
    leaves connecting unlimited: each change of a filter is a new request, and
    people like to click. */
export async function prepare(base) {
  await send('PATCH', `${base}/_tidewire/config`, { dashtam: { rate_limit: null } });
  if (parameters.get('traffic') === 'off') return;
  const traffic = await (await send('GET', `${base}/_tidewire/traffic`)).json();
  const rate = Number(parameters.get('rate')) || 1;
  if (traffic.rate !== rate) await send('POST', `${base}/_tidewire/traffic`, { on: true, rate });
}

/** A fresh token for the demo's user. */
export async function issueToken(base, system) {
  const answer = await send('POST', `${base}/_tidewire/token`, { system });
  return (await answer.json()).token;
}

function servedLocally() {
  const { hostname } = location;
  return hostname === '127.0.0.1' || hostname === 'localhost' || hostname.endsWith('.localhost');
}

/** Asks something of the server, which must not refuse it. */
export async function send(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: body && { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${url} was answered with ${response.status}`);
  return response;
}
