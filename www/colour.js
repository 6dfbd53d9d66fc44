// The categories' colours stand in the style sheet, twice: for light and dark.
// A canvas needs them resolved.

const PALETTE = 12;
const resolved = new Map();

/** The class that gives an element the colour of a category, by its number. */
export function colourClass(category) {
  return category < 0 ? 'c-none' : `c${category % PALETTE}`;
}

/** The colour of a category (a number), or of the custom property of that name. */
export function colourOf(category) {
  let colour = resolved.get(category);
  if (!colour) {
    const probe = document.createElement('span');
    probe.hidden = true;
    if (typeof category === 'number') probe.className = colourClass(category);
    probe.style.color = typeof category === 'number' ? 'var(--category)' : `var(--${category})`;
    document.body.append(probe);
    colour = getComputedStyle(probe).color;
    probe.remove();
    resolved.set(category, colour);
  }
  return colour;
}

/** To be called when the colour scheme changes. */
export function forgetColours() {
  resolved.clear();
}
