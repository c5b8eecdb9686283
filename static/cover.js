// What is seen where no worker draws: the room never is while nothing masks it, unless "none" was chosen. Decides nothing.

import { by } from './panel.js';

// Before the picture stands the last backdrop, or the picture itself, as Python's plan says.
export function cover(plan, source) {
  const style = by('show').style;
  style.backgroundColor = plan.colour;
  style.backgroundImage = plan.picture ? `url("${plan.picture}")` : 'none';
  by('show').replaceChildren(...(plan.show && source ? [source.element] : []));
}

// Who changes a look may not want to be seen.
export function hide(source) {
  if (source && by('show').contains(source.element)) source.element.remove();
}

// A worker's first picture is done before it is on the screen: what stood there stays beneath it until the second.
export function settle(canvas) {
  if (canvas.parentNode !== by('show')) return;
  by('show').replaceChildren(canvas);
  by('show').removeAttribute('style'); // the cover's
}
