// A service worker must not import dynamically, and ends when nothing keeps it waiting.

import { answer } from './receive.js';

oninstall = () => skipWaiting();
onmessage = (event) => event.waitUntil(answer(event.source, event.data));
