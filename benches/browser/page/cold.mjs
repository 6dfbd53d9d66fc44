// From `connect` to the request leaving, on a page that has never seen Tidewire. `ENTRY` is one of
// the package's, or the browser's own `fetch` for comparison.

import { connect } from 'virtual:entry';

window.go = async (url) => {
  const start = performance.now();
  await new Promise((resolve) => {
    connect(url, { reconnect: false }).on('*', resolve);
  });
  const request = await timing(url);
  const others = performance
    .getEntriesByType('resource')
    .filter(
      ({ startTime, name }) =>
        startTime >= start && startTime < request.fetchStart && name !== request.name,
    );
  return {
    leaves: request.requestStart - start,
    before: others.map(({ name }) => new URL(name).pathname),
  };
};

/** The browser's own account of the request, once the answer has ended. */
async function timing(url) {
  for (;;) {
    const found = performance.getEntriesByName(new URL(url, location.href).href)[0];
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
