import { createUseEvents } from 'tidewire/react';
import { connect, initialize } from 'tidewire/slim';

initialize(fetch(new URL('./tidewire.wasm', import.meta.url)));
export const useEvents = createUseEvents(connect);
