// A page of components that the test asks for.

import { mount, unmount } from 'svelte';

import All from './All.svelte';

const props = $state({ parts: [] });
const app = mount(All, { target: document.querySelector('main'), props });
window.page = {
  shown: {},
  problems: [],
  show(parts) {
    props.parts = parts;
  },
  unmount: () => unmount(app),
};
