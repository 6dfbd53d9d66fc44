import { connect, initialize } from 'tidewire/slim';
import wasm from 'tidewire/tidewire.wasm';
import { follow } from './follow.js';

// With `--loader:.wasm=file`, the import is the file's name.
initialize(fetch(new URL(wasm, import.meta.url)));
follow(connect);
