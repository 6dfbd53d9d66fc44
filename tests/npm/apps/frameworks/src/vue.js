// A page of components that the test asks for.

import { createApp, h, shallowRef } from 'vue';
import { dashtam } from 'tidewire/profiles';

import { useEvents } from './use-events.js';

const query = new URLSearchParams(location.search);
const token = query.get('token');
const parts = shallowRef([]);

const Latest = {
  props: ['name', 'url', 'token'],
  setup(props) {
    const shown = useEvents(() => props.url, () => ({ profile: dashtam, token: props.token }));
    return () => {
      page.shown[props.name] = { ...shown };
      return h('p', { id: props.name }, shown.state);
    };
  },
};

const app = createApp({
  render: () =>
    parts.value.map(({ name, path }) =>
      h(Latest, { key: name, name, url: path && query.get('server') + path, token }),
    ),
});
const page = {
  shown: {},
  problems: [],
  show(given) {
    parts.value = given;
  },
  unmount: () => app.unmount(),
};
window.page = page;
app.config.warnHandler = app.config.errorHandler = (problem) => page.problems.push(String(problem));
app.mount('main');
