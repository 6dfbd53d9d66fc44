import { connect, initialize } from 'tidewire/slim';
import { follow } from './follow.js';

initialize(fetch('/node_modules/tidewire/wasm/tidewire.wasm'));
follow(connect);
