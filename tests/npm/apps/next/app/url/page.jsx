'use client';

import { connect } from 'tidewire/url';
import { Events } from '../events.jsx';

export default function Page() {
  return <Events connect={connect} />;
}
