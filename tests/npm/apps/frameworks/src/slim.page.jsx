// A page of one component, on `tidewire/slim`.

import { createRoot } from 'react-dom/client';
import { dashtam } from 'tidewire/profiles';

import { useEvents } from './slim-hook.js';

const query = new URLSearchParams(location.search);
const page = {
  shown: {},
  problems: [],
  show: ([{ path }]) => root.render(<Latest path={path} />),
};
const root = createRoot(document.querySelector('main'));
window.page = page;

function Latest({ path }) {
  page.shown.Latest = useEvents(query.get('server') + path, {
    profile: dashtam,
    token: query.get('token'),
  });
  return null;
}
