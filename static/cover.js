// @ts-check
// Owns the cover: what stands in the place of the picture while no worker draws there.
// Does not decide whether the unmasked source may be part of it: Python's plan says so.

/** @import { Plan } from '../types/messages' */
/** @import { Source } from './sources.js' */

import { by } from './panel.js';

/** The unmasked source, while it stands there. @type {HTMLElement | null} */
let raw = null;

/**
 * Replace the picture by the plan's backdrop or, if the plan allows it, by the source itself.
 * @param {Plan} plan
 * @param {Source | null} source
 */
export function cover(plan, source) {
  const style = by('show').style;
  style.backgroundColor = plan.color;
  style.backgroundImage = plan.image ? `url("${plan.image}")` : 'none';
  raw = plan.show && source ? source.element() : null;
  by('show').replaceChildren(...(raw ? [raw] : []));
}

/** Take the unmasked source away: a visitor who changes a setting may not want to be seen any more. */
export function hide() {
  raw?.remove();
  raw = null;
}

/**
 * Remove what stands beneath a worker's canvas. The first picture is drawn before it is on the screen, so
 * this is called after the second.
 * @param {HTMLCanvasElement} canvas
 */
export function settle(canvas) {
  if (canvas.parentNode !== by('show')) return;
  by('show').replaceChildren(canvas);
  by('show').removeAttribute('style'); // set by `cover`
}
