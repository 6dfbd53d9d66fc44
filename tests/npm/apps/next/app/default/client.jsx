'use client';

import { connect } from 'tidewire';
import { Events } from '../events.jsx';

export function Client() {
  return <Events connect={connect} />;
}
