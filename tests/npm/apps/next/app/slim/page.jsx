'use client';

import { connect, initialize } from 'tidewire/slim';
import { Events } from '../events.jsx';

function connectSlim(url, options) {
  initialize(fetch(new URL('tidewire/tidewire.wasm', import.meta.url)));
  return connect(url, options);
}

export default function Page() {
  return <Events connect={connectSlim} />;
}
