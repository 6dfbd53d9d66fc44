import { answer } from './receive.js';

onmessage = ({ data }) => answer(globalThis, data);
