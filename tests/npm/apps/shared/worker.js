// The page's half of a stream that lives in a worker.

import { show, tell } from './show.js';

const worker = new Worker(new URL('./stream.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => (data.state ? tell(data.state) : show(data.line));
worker.onerror = ({ message }) => tell(`the worker failed: ${message}`);
worker.postMessage(location.search);
