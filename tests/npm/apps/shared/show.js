// The application's own half. It does without Tidewire.

export function show(line) {
  const item = document.createElement('li');
  item.textContent = line;
  document.querySelector('ol').append(item);
}

export function tell(state) {
  document.querySelector('output').textContent = state;
}
