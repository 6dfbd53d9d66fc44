// One event in full, in a dialog.

import { colourClass } from './colour.js';
import { nameOf } from './rows.js';

const dialog = document.querySelector('#inspector');
const title = dialog.querySelector('#inspector-type');
const category = dialog.querySelector('.inspector-category');
const list = dialog.querySelector('dl');
const payload = dialog.querySelector('pre');

dialog.querySelector('.inspector-close').addEventListener('click', () => dialog.close());
// A click outside lands on the dialog itself: it has no padding of its own.
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
});

/** Shows what the SDK delivered. */
export function inspect({ event, category: number, received }) {
  title.textContent = nameOf(event);
  category.className = `inspector-category ${colourClass(number)}`;
  category.textContent = event.category ?? 'not in the profile';
  const pairs = [
    ['received', received.toLocaleTimeString()],
    ['id', event.id],
    ['last event id', event.lastEventId],
    ['replayed', event.replayed ? 'yes' : ''],
    ...Object.entries(event.meta ?? {}),
  ];
  list.replaceChildren(
    ...pairs
      .filter(([, value]) => value !== undefined && value !== null && value !== '')
      .flatMap(([key, value]) => [made('dt', key), made('dd', text(value))]),
  );
  payload.textContent = JSON.stringify(event.data, null, 2) ?? String(event.data);
  dialog.showModal();
}

function text(value) {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function made(name, content) {
  const element = document.createElement(name);
  element.textContent = content;
  return element;
}
