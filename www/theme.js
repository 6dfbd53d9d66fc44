// Light, dark, or as the system has it.

const KEY = 'tidewire-theme';
const select = document.querySelector('#theme');

/** Applies the choice that was kept; `changed` is called after each change. */
export function followTheme(changed) {
  select.value = stored();
  apply();
  select.addEventListener('change', () => {
    store(select.value);
    apply();
    changed();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}

function apply() {
  document.documentElement.dataset.theme = select.value;
}

function stored() {
  try {
    const kept = localStorage.getItem(KEY);
    return ['light', 'dark'].includes(kept) ? kept : 'auto';
  } catch {
    return 'auto'; // a browser may forbid storage
  }
}

function store(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // Then it lasts until the page is left.
  }
}
