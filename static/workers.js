// The workers: the one that is seen, the one that is being warmed, and what goes to them. Decides nothing: who follows
// whom, and when, is in the plan that Python has left.

import { cover, settle } from './cover.js';
import { by } from './panel.js';

export let shown = null; // the worker whose canvas is seen
export let coming = null; // the worker that is being warmed
export let source = null; // where pictures come from
let page = null;

// `given`: what page.js has to do with workers. `start()`: what a worker is begun with besides; `hear`: what it does
// with a message, by type; `swapped(show)`: another worker is seen; `lost(text)`: there is none any more.
export function join(given) {
  page = given;
}

// ---- begun and ended ----

// `from`: the worker it follows. What that was told and has not heard is told again.
export function begin(start, from = null) {
  const queue = (from?.unheard ?? []).filter(({ type }) => type !== 'stay');
  const fresh = Boolean(from?.fresh || from?.held?.fresh || from?.first);
  if (coming) end(coming);
  const worker = new Worker('worker.js', { type: 'module' });
  const canvas = document.createElement('canvas');
  const offscreen = canvas.transferControlToOffscreen();
  const show = { worker, canvas, ready: false, busy: false, held: null, due: false, fresh, first: false, from: null, queue, unheard: [], told: {} };
  coming = show;
  worker.onmessage = ({ data }) => {
    const message = typeof data === 'string' ? JSON.parse(data) : data;
    steps[message.type]?.(show, message);
    page.hear[message.type]?.(show, message);
  };
  worker.onerror = ({ message }) => {
    if (!show.ready) steps.last(show, { text: `The page could not start: ${message || 'worker.js is missing'}` });
  };
  worker.postMessage({ type: 'start', start: JSON.stringify(start), canvas: offscreen, ...page.start() }, [offscreen]);
}

export const alive = (show) => show && !show.ended && !show.failed;

// Whether the panel is this worker's: before there is a picture it is the first worker's.
export const leads = (show) => show === (shown ?? coming);

function end(show) {
  if (show.ended) return;
  clearTimeout(show.timer);
  drop(show);
  show.worker.terminate();
  show.ended = true;
  if (coming === show) coming = null;
}

function swap(show) {
  const old = shown;
  [shown, coming] = [show, null];
  by('show').append(show.canvas);
  drawAgain(show); // a still source gives the second picture only so
  if (old) end(old);
  page.swapped(show);
}

// ---- told ----

export function tell(message) {
  for (const show of [shown, coming]) {
    if (show?.told.panel) say(show, message);
    else show?.queue.push(message);
  }
}

// What only the worker that is seen has to do with.
export function tellShown(message) {
  const show = shown ?? coming;
  if (show?.told.panel && alive(show)) say(show, message);
}

function say(show, message) {
  show.unheard.push(message);
  show.worker.postMessage(message);
}

// ---- watched ----

// From now on it has as long as the plan says.
function watch(show) {
  clearTimeout(show.timer);
  if (!show.plan || !alive(show)) return;
  show.timer = setTimeout(() => (document.hidden ? watch(show) : expired(show)), show.plan.limit);
}

function expired(show) {
  const { plan } = show;
  if (show === shown) cover({ ...plan, show: plan.show && !show.unheard.length }, source);
  if (plan.stay) steps.stay(show, { type: 'stay', ...plan.stay });
  else if (plan.start) begin(plan.start, show);
  else steps.last(show, { text: plan.last });
  show.failed = true; // should it wake, it is too late
}

// ---- given pictures ----

// Pictures come from another source from now on; null: from none.
export function feed(next) {
  source?.stop();
  source = next;
  for (const show of next ? [shown, coming].filter(Boolean) : []) {
    drop(show);
    show.fresh = true;
    drawAgain(show);
  }
}

// One picture at a time goes to a worker, the next is held for it meanwhile: then neither waits for the other.
// A moving source gives the next by itself, a still one when a drawing is due.
// A source that gave way, or a camera that was unplugged, may never answer: nothing waits for it.
async function pump(show) {
  if (!show.ready || show.held || !source || show.from === source || (source.still && !show.due)) return;
  const from = show.from = source;
  show.due = false;
  const next = await from.next().catch(() => null);
  if (show.from === from) show.from = null;
  if (show.ended || from !== source) return next?.picture.close();
  if (!next) return from.still || pump(show);
  show.held = { type: 'frame', still: from.still, fresh: show.fresh, ...next };
  show.fresh = false;
  hand(show);
}

function hand(show) {
  if (show.busy || !show.held) return;
  show.first = show.held.fresh;
  show.worker.postMessage(show.held, [show.held.picture]);
  [show.busy, show.held] = [true, null];
  watch(show);
  pump(show);
}

function drop(show) {
  show.held?.picture.close();
  show.held = null;
}

function drawAgain(show) {
  show.due = true;
  pump(show);
}

// ---- heard ----

// What Python says to this end, by type. `show` is the worker that says it.
const steps = {
  log: (show) => { if (!show.ready) watch(show); }, // files come slowly to some
  plan(show, plan) {
    show.plan = plan;
    if (!show.ready || show.busy) watch(show);
  },
  panel(show, message) {
    show.told.panel = message;
    for (const waiting of show.queue.splice(0)) say(show, waiting);
  },
  source: (show, message) => { show.told.source = message; },
  ready(show) {
    clearTimeout(show.timer);
    show.ready = true;
    drawAgain(show);
  },
  beat: (show) => { if (show.busy) watch(show); }, // a picture takes long, and goes on
  done(show) {
    clearTimeout(show.timer);
    [show.busy, show.first] = [false, false];
    if (show === coming) swap(show);
    else if (show === shown) settle(show.canvas);
    hand(show);
    pump(show);
  },
  again: drawAgain,
  begin(show, { start, failed }) {
    if (failed) clearTimeout(show.timer);
    show.failed = failed;
    if (!show.ended) begin(start, show);
  },
  heard: (show) => show.unheard.shift(),
  stay(show, message) {
    end(show);
    if (alive(shown)) say(shown, message);
  },
  last(show, { text }) {
    end(show);
    if (alive(shown) && shown !== show) say(shown, { type: 'stay', text });
    else page.lost(text);
  },
};
