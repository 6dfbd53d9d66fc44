import { connect, initialize } from 'tidewire/slim';
import wasm from 'tidewire/tidewire.wasm?url';
import { follow } from './follow.js';

initialize(fetch(wasm));
follow(connect);
