// Nothing but the pages: one for each entry of Tidewire.

import { defineConfig } from 'vite';

const pages = ['default', 'url', 'slim', 'worker', 'without'];

export default defineConfig({
  build: { rolldownOptions: { input: pages.map((page) => `${page}.html`) } },
});
