// A page of components that the test asks for.

import { Component, StrictMode, useEffect } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server.browser';
import { useEvents } from 'tidewire/react';
import { dashtam, stockAgent } from 'tidewire/profiles';

import * as guide from './guide.jsx';

const query = new URLSearchParams(location.search);
const server = query.get('server');
const token = () => query.get('token');
const profiles = { dashtam, stockAgent };

const page = {
  /** What each component has got last, how often it rendered, and how often it was mounted. */
  shown: {},
  renders: {},
  mounts: {},
  problems: [],
  show(parts, { strict = false } = {}) {
    const all = <Page parts={parts} />;
    // Only as the root does it mount all twice.
    root.render(strict ? <StrictMode>{all}</StrictMode> : all);
  },
  unmount() {
    root.unmount();
  },
  /** Renders as a server would, and takes that over. */
  hydrate(parts) {
    const all = <Page parts={parts} />;
    const main = document.querySelector('main').appendChild(document.createElement('div'));
    main.innerHTML = renderToString(all);
    page.rendered = main.innerHTML;
    root = hydrateRoot(main, all, { onRecoverableError: (error) => page.problems.push(String(error)) });
  },
};
let root = createRoot(document.querySelector('main').appendChild(document.createElement('div')));
window.page = page;

function Page({ parts }) {
  return parts.map(({ as = 'Latest', name = as, ...props }) => {
    const Part = own[as] ?? guide[as];
    return own[as] ? <Part key={name} name={name} {...props} /> : <Part key={name} url={at(props.path)} token={token} />;
  });
}

const own = {
  Latest({ name, path, profile = 'dashtam', keep, options }) {
    // All of it anew at each render, as it stands in many an application.
    const given = {
      profile: profiles[profile],
      ...(profile === 'dashtam' && { token }),
      headers: { 'x-own': 'a' },
      reconnect: profile === 'dashtam' ? { minDelay: 5, maxDelay: 50 } : undefined,
      keep,
      ...options,
    };
    return seen(name, useEvents(at(path), given));
  },
  Count({ name, path, options, by = 1 }) {
    const given = { profile: dashtam, token, headers: { 'x-own': 'a' }, ...options };
    given.reconnect = { minDelay: 5, maxDelay: 50 };
    return seen(name, useEvents(at(path), given, (count) => count + by, 0));
  },
  /** Its token is another function at each render, which knows what was rendered. */
  Token({ name, path, version }) {
    const reconnect = { minDelay: 5, maxDelay: 50 };
    const headers = () => ({ 'x-version': String(version) });
    return seen(name, useEvents(at(path), { profile: dashtam, token: () => token(), headers, reconnect }));
  },
  Guarded: (props) => (
    <Boundary name={props.name}>
      <own.Latest {...props} />
    </Boundary>
  ),
  Stumbling({ name, path }) {
    const count = (count, { type }) => {
      if (type === 'import.failed') throw new Error('it stumbled');
      return count + 1;
    };
    return seen(name, useEvents(at(path), { profile: dashtam, token }, count, 0));
  },
};

class Boundary extends Component {
  state = {};

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    page.shown[this.props.name] = { message: error.message };
    return <p>{error.message}</p>;
  }
}

function at(path) {
  return path && server + path;
}

function seen(name, shown) {
  page.shown[name] = shown;
  page.renders[name] = (page.renders[name] ?? 0) + 1;
  useEffect(() => {
    page.mounts[name] = (page.mounts[name] ?? 0) + 1;
  }, [name]);
  return <p id={name}>{shown.state}</p>;
}
