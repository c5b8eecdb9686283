// @ts-check
// The supervisor. Owns the two workers, the frame in flight and the messages that a worker has not handled.
// Does not choose what follows a worker that fails or hangs: Python leaves a plan here beforehand.

/** @import { BackdropFrame, FrameReady, Handover, Plan, Start, SuccessorFailed } from '../types/messages' */
/** @import { ToPage, ToWorker } from '../types/messages' */
/** @import { Source } from './sources.js' */

import { cover, settle } from './cover.js';
import { by, format } from './panel.js';

/** @typedef {ToPage[keyof ToPage]} Received */
/** @typedef {ToWorker[Exclude<keyof ToWorker, 'start' | 'frame' | 'stream'>]} Sent */
/** @typedef {BackdropFrame} Moved */

/**
 * A message that a worker has not handled yet.
 * @typedef {object} Pending
 * @property {Sent} message
 * @property {boolean} shared whether both workers are sent it
 * @property {(handled: boolean) => void} settle called once a worker has handled it, or none is left
 */

/**
 * A worker with its canvas and what is known of it.
 * @typedef {object} Handle
 * @property {Worker} worker
 * @property {HTMLCanvasElement} canvas
 * @property {boolean} ready whether its model is warm and it takes frames
 * @property {boolean} busy whether a frame is in flight: posted and not done
 * @property {FrameReady | null} waiting the frame to be posted next
 * @property {boolean} due whether a photo has to be drawn again
 * @property {Source | null} pulling the source that was asked for the next picture and has not given it
 * @property {Source | null} following the source whose stream it reads itself
 * @property {boolean} fresh whether the next picture is the first of its source
 * @property {boolean} first whether the frame in flight is the first of its source
 * @property {Map<number, Pending>} pending messages that were posted and that it has not handled, by number
 * @property {Plan} [plan] what is done when it hangs
 * @property {ReturnType<typeof setTimeout>} [timer] until the plan's limit
 * @property {boolean} [ended] whether it was terminated
 * @property {boolean} [failed] whether another worker was started because this one failed or hung
 */

/**
 * Handlers of messages, by type.
 * @typedef {{ [Type in keyof ToPage]?: (handle: Handle, message: ToPage[Type]) => void }} Handlers
 */

/**
 * The page's side of the workers.
 * @typedef {object} Page
 * @property {() => Pick<Start, 'manifest' | 'backdrop' | 'pictures'>} start what a worker begins with besides
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
/** The number of the message that was sent last. */
let number = 0;
/**
 * Outcomes of a worker's own successors, and pictures that were moved to it: no other worker gets them.
 * @type {string[]}
 */
const OWN = /** @satisfies {(keyof ToWorker)[]} */ (['shown', 'successor-failed', 'backdrop-frame']);

/** @param {Page} given */
export function join(given) {
  page = given;
  document.addEventListener('visibilitychange', () => {
    for (const handle of [current, next]) {
      if (handle && document.hidden) unfollow(handle);
      else if (handle) pump(handle);
    }
  });
}

// ---- start and end ----

/**
 * Start a worker. It replaces one that was still starting.
 * @param {Partial<Handover>} handover
 * @param {Handle | null} previous the worker it follows: this one is sent what that one has not handled
 * @param {boolean} failed whether the previous one will not handle it any more
 */
export function begin(handover, previous = null, failed = false) {
  const fresh = Boolean(previous?.fresh || previous?.waiting?.first_of_source || previous?.first);
  if (next) end(next);
  const worker = new Worker('worker.js', { type: 'module' });
  const canvas = document.createElement('canvas');
  const offscreen = canvas.transferControlToOffscreen();
  /** @type {Handle} */
  const handle = {
    worker, canvas, fresh, first: false, ready: false, busy: false, due: false,
    waiting: null, pulling: null, following: null, pending: new Map(),
  };
  next = handle;
  worker.onmessage = ({ data }) => receive(handle, typeof data === 'string' ? JSON.parse(data) : data);
  const texts = { ...by('boot').dataset };
  worker.onerror = ({ message: why }) => {
    if (!handle.ready) stop(handle, format(texts.failed, { why: why || texts.script }));
  };
  worker.postMessage({ type: 'start', handover, canvas: offscreen, texts, ...page.start() }, [offscreen]);
  if (previous) pass(previous, handle, ({ shared }) => failed || shared);
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
  post(handle, { message: { type: 'shown' }, shared: false, settle() {} });
  drawAgain(handle); // a photo gives the second picture only on demand
  if (previous) {
    end(previous);
    pass(previous, handle, ({ shared }) => !shared); // it was sent the shared ones itself
  }
  page.swapped(handle);
}

/**
 * A worker has failed and nothing follows it: the worker on screen goes on, if it is another one.
 * @param {Handle} handle
 * @param {string} text for the visitor
 */
function stop(handle, text) {
  end(handle);
  if (alive(current) && current !== handle) {
    post(current, { message: { type: 'successor-failed', text }, shared: false, settle() {} });
    return;
  }
  for (const { settle } of handle.pending.values()) settle(false);
  page.lost(text);
}

// ---- messages ----

/**
 * Send a message to both workers.
 * @param {Sent} message
 * @returns {undefined}
 */
export function tell(message) {
  for (const handle of [current, next]) if (handle) post(handle, { message, shared: true, settle() {} });
}

/**
 * Send a message to the worker on screen alone. Gives whether it, or a worker after it, has handled it.
 * @param {Sent} message
 * @returns {Promise<boolean>}
 */
export function tellCurrent(message) {
  const handle = current ?? next;
  if (!alive(handle)) return Promise.resolve(false);
  return new Promise((settle) => { post(handle, { message, shared: false, settle }); });
}

/**
 * Move a message's picture to one worker; it is not passed on to a worker that follows. Gives whether it was
 * handled; never settles where the worker ends before.
 * @param {Handle} handle
 * @param {Moved} message
 * @returns {Promise<boolean>}
 */
export function move(handle, message) {
  return new Promise((settle) => {
    post(handle, { message, shared: false, settle }, [message.picture]);
  });
}

/**
 * @param {Handle} handle
 * @param {Pending} pending
 * @param {Transferable[]} [moved] what this page cannot use any more
 */
function post(handle, pending, moved = []) {
  number += 1;
  handle.pending.set(number, pending);
  handle.worker.postMessage({ ...pending.message, number }, moved);
}

/**
 * Send what a worker has not handled to the one that takes its place, but for OWN.
 * @param {Handle} from
 * @param {Handle} to
 * @param {(pending: Pending) => boolean} chosen
 */
function pass(from, to, chosen) {
  for (const pending of from.pending.values()) {
    if (!OWN.includes(pending.message.type) && chosen(pending)) post(to, pending);
  }
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
  // A setting the worker has not handled may hide the source, so it is not shown then.
  if (handle === current) cover({ ...plan, show: plan.show && !handle.pending.size }, source);
  if (plan.decline) decline(handle, plan.decline);
  else if (plan.handover) begin(plan.handover, handle, true);
  else stop(handle, plan.text);
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
  for (const handle of [current, next]) if (handle) unfollow(handle);
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
  if (from.stream) {
    follow(handle, from);
    return;
  }
  handle.pulling = from;
  handle.due = false;
  const picture = await from.next().catch(() => null);
  if (handle.pulling === from) handle.pulling = null;
  if (handle.ended || from !== source) {
    picture?.picture.close();
  } else if (picture) {
    const { still: is_photo } = from;
    handle.waiting = { type: 'frame', is_photo, first_of_source: handle.fresh, ...picture };
    handle.fresh = false;
    hand(handle);
  } else if (!from.still) {
    await pump(handle);
  }
}

/**
 * Have a worker read a camera's frames itself, which says "done" for the first ones and then twice a second.
 * Nobody sees a hidden tab, so nothing is computed for it.
 * @param {Handle} handle
 * @param {Source} from
 */
function follow(handle, from) {
  if (handle.following || handle.busy || document.hidden) return;
  const readable = from.stream?.();
  if (!readable) return;
  [handle.following, handle.busy, handle.first] = [from, true, handle.fresh];
  handle.worker.postMessage({ type: 'stream', readable, first_of_source: handle.fresh }, [readable]);
  handle.fresh = false;
  watch(handle);
}

/** @param {Handle} handle */
function unfollow(handle) {
  if (!handle.following) return;
  [handle.following, handle.busy] = [null, false];
  clearTimeout(handle.timer);
  if (!handle.ended) handle.worker.postMessage({ type: 'stream', readable: null, first_of_source: false });
}

/**
 * Post the waiting frame if none is in flight.
 * @param {Handle} handle
 */
function hand(handle) {
  const frame = handle.waiting;
  if (handle.busy || !frame) return;
  handle.first = frame.first_of_source;
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

/**
 * A trial gives up: it ends, and the worker on screen is told.
 * @param {Handle} handle
 * @param {SuccessorFailed} outcome
 */
function decline(handle, outcome) {
  end(handle);
  if (alive(current)) post(current, { message: outcome, shared: false, settle() {} });
}

// ---- handlers of the messages about workers ----

/** @type {Handlers} */
const handlers = {
  // Over a slow network files take long: each part that arrives gives the worker its time again.
  log: (handle) => { if (!handle.ready) watch(handle); },

  plan(handle, plan) {
    handle.plan = plan;
    if (!handle.ready || handle.busy) watch(handle);
  },

  ready(handle) {
    clearTimeout(handle.timer);
    handle.ready = true;
    drawAgain(handle);
  },

  // A picture takes long, and the worker is at it.
  progress: (handle) => { if (handle.busy) watch(handle); },

  done(handle) {
    clearTimeout(handle.timer);
    [handle.busy, handle.first] = [Boolean(handle.following), false];
    if (handle.busy) watch(handle);
    if (handle === next) swap(handle);
    else if (handle === current) settle(handle.canvas);
    hand(handle);
    pump(handle);
  },

  redraw: drawAgain,

  begin(handle, { handover, failed }) {
    if (failed) clearTimeout(handle.timer);
    handle.failed = failed;
    if (!handle.ended) begin(handover, handle, failed);
  },

  handled(handle, { number: handled }) {
    handle.pending.get(handled)?.settle(true);
    handle.pending.delete(handled);
  },

  declined: (handle, { outcome }) => decline(handle, outcome),

  stopped: (handle, { text }) => stop(handle, text),
};
