// @ts-check
// Owns what the page shows of a task: a renderer for each type of event that a task may send.
// Does not know the tasks: Python's `panel` message lists the types of the task that runs.

/** @import { Answers, Caption } from '../types/messages' */
/** @import { PageElements } from '../types/page' */

import { drawAnswers } from './answers.js';
import { by } from './panel.js';

/**
 * Draws events of one type in its parts of the page, which are hidden while the task sends none.
 * @template Event
 * @typedef {{ parts: (keyof PageElements)[], draw: (event: Event) => void }} Renderer
 */

/** @type {{ answers: Renderer<Answers>, caption: Renderer<Caption> }} */
export const renderers = {
  answers: { parts: ['answers', 'labels', 'mine'], draw: drawAnswers },
  caption: { parts: ['caption'], draw: ({ text }) => { by('caption').textContent = text; } },
};

/**
 * Show the parts of these types of event, and hide the others.
 * @param {string[]} events
 */
export function showEvents(events) {
  for (const [type, { parts }] of Object.entries(renderers)) {
    for (const part of parts) by(part).hidden = !events.includes(type);
    by('stage').parentElement?.classList.toggle(type, events.includes(type));
  }
}
