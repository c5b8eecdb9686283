// @ts-check
// The supervisor. Owns the two workers, the frame in flight and the messages that a worker has not confirmed.
// Does not choose what follows a worker that fails or hangs: Python leaves a plan here beforehand.

/** @import { FromWorker, Message, Plan, Start, Stay, ToWorker } from '../types/messages' */
/** @import { Source } from './sources.js' */

import { cover, settle } from './cover.js';
import { by, format } from './panel.js';

/** @typedef {Message<FromWorker>} Received */
/** @typedef {Message<ToWorker, Exclude<keyof ToWorker, 'start' | 'frame'>>} Sent */
/** @typedef {Message<ToWorker, 'frame'>} Frame */

/**
 * A worker with its canvas and what is known of it.
 * @typedef {object} Handle
 * @property {Worker} worker
 * @property {HTMLCanvasElement} canvas
 * @property {boolean} ready whether its model is warm and it takes frames
 * @property {boolean} busy whether a frame is in flight: posted and not done
 * @property {Frame | null} waiting the frame to be posted next
 * @property {boolean} due whether a photo has to be drawn again
 * @property {Source | null} pulling the source that was asked for the next picture and has not given it
 * @property {boolean} fresh whether the next picture is the first of its source
 * @property {boolean} first whether the frame in flight is the first of its source
 * @property {Sent[]} queue messages from before it had a panel
 * @property {Sent[]} unheard messages that were posted and that it has not confirmed
 * @property {Partial<Pick<FromWorker, 'panel' | 'source' | 'answers'> & { stale: string[] }>} latest
 *   the last message of each of these types
 * @property {Plan} [plan] what is done when it hangs
 * @property {ReturnType<typeof setTimeout>} [timer] until the plan's limit
 * @property {boolean} [ended] whether it was terminated
 * @property {boolean} [failed] whether another worker was started because this one failed or hung
 */

/**
 * Handlers of messages, by type.
 * @typedef {{ [Type in keyof FromWorker]?: (handle: Handle, message: FromWorker[Type]) => void }} Handlers
 */

/**
 * The page's side of the workers.
 * @typedef {object} Page
 * @property {() => Omit<ToWorker['start'], 'start' | 'canvas' | 'texts'>} start what a worker is started with
 * @property {Handlers} hear handlers of the messages that are not about workers
 * @property {(handle: Handle) => void} swapped called after another worker has come on screen
 * @property {(text: string) => void} lost called when no worker is left, with the sentence that says why
 */

/** The worker whose canvas is on screen. @type {Handle | null} */
export let current = null;
/** The worker that starts beside it and takes its place. @type {Handle | null} */
export let next = null;
/** The source of the pictures. @type {Source | null} */
export let source = null;
/** @type {Page} */
let page;

/** @param {Page} given */
export function join(given) {
  page = given;
}

// ---- start and end ----

/**
 * Start a worker. It replaces one that was still starting.
 * @param {Start} start
 * @param {Handle | null} previous the worker it follows: what that one has not confirmed is sent again
 */
export function begin(start, previous = null) {
  const queue = (previous?.unheard ?? []).filter(({ type }) => type !== 'stay');
  const fresh = Boolean(previous?.fresh || previous?.waiting?.fresh || previous?.first);
  if (next) end(next);
  const worker = new Worker('worker.js', { type: 'module' });
  const canvas = document.createElement('canvas');
  const offscreen = canvas.transferControlToOffscreen();
  /** @type {Handle} */
  const handle = {
    worker, canvas, queue, fresh, first: false, ready: false, busy: false, due: false,
    waiting: null, pulling: null, unheard: [], latest: {},
  };
  next = handle;
  worker.onmessage = ({ data }) => receive(handle, typeof data === 'string' ? JSON.parse(data) : data);
  const texts = { ...by('boot').dataset };
  worker.onerror = ({ message: why }) => {
    if (!handle.ready) handlers.last(handle, { text: format(texts.failed, { why: why || texts.script }) });
  };
  const message = { type: 'start', start: JSON.stringify(start), canvas: offscreen, texts, ...page.start() };
  worker.postMessage(message, [offscreen]);
}

/**
 * Whether a worker can be talked to.
 * @param {Handle | null} handle
 * @returns {handle is Handle}
 */
export const alive = (handle) => Boolean(handle && !handle.ended && !handle.failed);

/**
 * Whether the panel shows this worker's settings: before the first picture it shows those of the first
 * worker.
 * @param {Handle} handle
 */
export const leads = (handle) => handle === (current ?? next);

/** @param {Handle} handle */
function end(handle) {
  if (handle.ended) return;
  clearTimeout(handle.timer);
  drop(handle);
  handle.worker.terminate();
  handle.ended = true;
  if (next === handle) next = null;
}

/** @param {Handle} handle whose first picture is done */
function swap(handle) {
  const previous = current;
  [current, next] = [handle, null];
  by('show').append(handle.canvas);
  drawAgain(handle); // a photo gives the second picture only on demand
  if (previous) end(previous);
  page.swapped(handle);
}

// ---- messages ----

/**
 * Send a message to both workers.
 * @param {Sent} message
 * @returns {undefined}
 */
export function tell(message) {
  for (const handle of [current, next]) {
    if (handle?.latest.panel) send(handle, message);
    else handle?.queue.push(message);
  }
}

/**
 * Send a message to the worker on screen alone.
 * @param {Sent} message
 */
export function tellCurrent(message) {
  const handle = current ?? next;
  if (handle?.latest.panel && alive(handle)) send(handle, message);
}

/**
 * @param {Handle} handle
 * @param {Sent} message
 */
function send(handle, message) {
  handle.unheard.push(message);
  handle.worker.postMessage(message);
}

/**
 * @param {Handle} handle
 * @param {Received} message
 */
function receive(handle, message) {
  for (const table of [handlers, page.hear]) {
    /** @type {Record<string, Function>} */ (table)[message.type]?.(handle, message);
  }
}

// ---- time limit ----

/**
 * Give a worker the plan's limit from now on. In a hidden tab the time does not count.
 * @param {Handle} handle
 */
function watch(handle) {
  clearTimeout(handle.timer);
  if (!handle.plan || !alive(handle)) return;
  handle.timer = setTimeout(() => (document.hidden ? watch(handle) : expire(handle)), handle.plan.limit);
}

/**
 * Carry out the plan of a worker that hangs.
 * @param {Handle} handle
 */
function expire(handle) {
  const plan = /** @type {Plan} */ (handle.plan);
  // A setting the worker has not confirmed may hide the source, so it is not shown then.
  if (handle === current) cover({ ...plan, show: plan.show && !handle.unheard.length }, source);
  if (plan.stay) handlers.stay(handle, plan.stay);
  else if (plan.start) begin(plan.start, handle);
  else handlers.last(handle, { text: plan.last });
  handle.failed = true; // should it answer after all, it is too late
}

// ---- pictures ----

/**
 * Take the pictures from another source from now on; null: from none.
 * @param {Source | null} opened
 */
export function feed(opened) {
  source?.stop();
  source = opened;
  if (!opened) return;
  for (const handle of [current, next]) {
    if (!handle) continue;
    drop(handle);
    handle.fresh = true;
    drawAgain(handle);
  }
}

/**
 * Get the next picture for a worker. One frame is in flight and one is held for it, so that neither the
 * worker nor the source waits for the other. A moving source gives pictures by itself, a photo one when it is
 * due. A source that was replaced, or a camera that was unplugged, may never answer: nothing waits for it.
 * @param {Handle} handle
 * @returns {Promise<void>}
 */
async function pump(handle) {
  const from = source;
  if (!handle.ready || handle.waiting || !from || handle.pulling === from) return;
  if (from.still && !handle.due) return;
  handle.pulling = from;
  handle.due = false;
  const picture = await from.next().catch(() => null);
  if (handle.pulling === from) handle.pulling = null;
  if (handle.ended || from !== source) {
    picture?.picture.close();
  } else if (picture) {
    handle.waiting = { type: 'frame', still: from.still, fresh: handle.fresh, ...picture };
    handle.fresh = false;
    hand(handle);
  } else if (!from.still) {
    await pump(handle);
  }
}

/**
 * Post the waiting frame if none is in flight.
 * @param {Handle} handle
 */
function hand(handle) {
  const frame = handle.waiting;
  if (handle.busy || !frame) return;
  handle.first = frame.fresh;
  handle.worker.postMessage(frame, [frame.picture]);
  [handle.busy, handle.waiting] = [true, null];
  watch(handle);
  pump(handle);
}

/** @param {Handle} handle */
function drop(handle) {
  handle.waiting?.picture.close();
  handle.waiting = null;
}

/** @param {Handle} handle */
function drawAgain(handle) {
  handle.due = true;
  pump(handle);
}

// ---- handlers of the messages about workers ----

const handlers = {
  // Over a slow network files take long: each part that arrives gives the worker its time again.
  log: (/** @type {Handle} */ handle) => { if (!handle.ready) watch(handle); },

  /** @type {(handle: Handle, plan: Plan) => void} */
  plan(handle, plan) {
    handle.plan = plan;
    if (!handle.ready || handle.busy) watch(handle);
  },

  /** @type {(handle: Handle, message: FromWorker['panel']) => void} */
  panel(handle, message) {
    handle.latest.panel = message;
    for (const queued of handle.queue.splice(0)) send(handle, queued);
  },

  /** @type {(handle: Handle, message: FromWorker['source']) => void} */
  source: (handle, message) => { handle.latest.source = message; },

  ready(/** @type {Handle} */ handle) {
    clearTimeout(handle.timer);
    handle.ready = true;
    drawAgain(handle);
  },

  // A picture takes long, and the worker is at it.
  beat: (/** @type {Handle} */ handle) => { if (handle.busy) watch(handle); },

  done(/** @type {Handle} */ handle) {
    clearTimeout(handle.timer);
    [handle.busy, handle.first] = [false, false];
    if (handle === next) swap(handle);
    else if (handle === current) settle(handle.canvas);
    hand(handle);
    pump(handle);
  },

  again: drawAgain,

  /** @type {(handle: Handle, message: FromWorker['begin']) => void} */
  begin(handle, { start, failed }) {
    if (failed) clearTimeout(handle.timer);
    handle.failed = failed;
    if (!handle.ended) begin(start, handle);
  },

  heard: (/** @type {Handle} */ handle) => { handle.unheard.shift(); },

  /** @type {(handle: Handle, message: Stay) => void} */
  stay(handle, message) {
    end(handle);
    if (alive(current)) send(current, { ...message, type: 'stay' });
  },

  /** @type {(handle: Handle, message: FromWorker['last']) => void} */
  last(handle, { text }) {
    end(handle);
    if (alive(current) && current !== handle) send(current, { type: 'stay', text });
    else page.lost(text);
  },
};
