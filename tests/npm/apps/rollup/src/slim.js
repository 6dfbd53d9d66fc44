import { connect, initialize } from 'tidewire/slim';
import { follow } from './follow.js';

// The build copies the file there.
initialize(fetch(new URL('./tidewire.wasm', import.meta.url)));
follow(connect);
