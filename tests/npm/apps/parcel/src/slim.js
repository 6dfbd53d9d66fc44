import { connect, initialize } from 'tidewire/slim';
import { follow } from './follow.js';

initialize(fetch(new URL('npm:tidewire/wasm/tidewire.wasm', import.meta.url)));
follow(connect);
