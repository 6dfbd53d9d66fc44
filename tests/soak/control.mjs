// The test server's control API, for one namespace.

export class Control {
  #base;

  constructor(url, namespace) {
    this.#base = `${url}/ns/${namespace}/_tidewire`;
  }

  configure(patch) {
    return this.#call('PATCH', '/config', patch);
  }

  token(system) {
    return this.#call('POST', '/token', { system, ttl_s: 86_400 });
  }

  publish(items) {
    return this.#call('POST', '/publish', items);
  }

  cut(path) {
    return this.#call('POST', '/connections/cut', { path });
  }

  async requests(path) {
    return (await this.#call('GET', `/requests?${new URLSearchParams({ path })}`)).requests;
  }

  reset() {
    return this.#call('POST', '/reset', {});
  }

  async #call(method, path, body) {
    const response = await fetch(this.#base + path, { method, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
}
