// The page: a panel for each system, the sums, the theme.

import { forgetColours } from './colour.js';
import { inNextFrame } from './frame.js';
import { baseOf, prepare } from './origin.js';
import { Panel } from './panel.js';
import { systems } from './systems.js';
import { followTheme } from './theme.js';

const panels = [...document.querySelectorAll('.panel')].map((element) => {
  const name = element.dataset.profile;
  return { name, panel: new Panel(element, systems[name]) };
});

followTheme(() => {
  forgetColours();
  for (const { panel } of panels) panel.redraw();
});

setInterval(() => inNextFrame(tick), 1000);
await Promise.all(panels.map(start));

async function start({ name, panel }) {
  let base;
  try {
    base = await baseOf(name);
    await prepare(base);
  } catch (error) {
    panel.fail(error);
    document.querySelector('#trouble').hidden = false;
    return;
  }
  panel.start(base);
}

function tick() {
  const now = performance.now();
  let events = 0;
  let rate = 0;
  let open = 0;
  for (const { panel } of panels) {
    panel.tick(now);
    events += panel.events;
    rate += panel.perSecond;
    if (panel.state === 'open') open += 1;
  }
  document.querySelector('#total-events').textContent = events.toLocaleString('en');
  document.querySelector('#total-rate').textContent = rate.toFixed(1);
  document.querySelector('#total-open').textContent = `${open} of ${panels.length}`;
}
