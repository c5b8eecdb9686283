// @ts-check
// Owns the visitor's video for the background: plays it in a loop and moves pictures of it to the workers.
// Does not choose when, how often or how large: Python's `backdrop-video` message says so.

/** @import { BackdropVideo } from '../types/messages' */
/** @import { Report } from './sources.js' */
/** @import { Handle } from './workers.js' */

import { player } from './sources.js';
import { alive, current, move, next } from './workers.js';

/** The video that plays. @type {HTMLVideoElement | null} */
let video = null;
/** The video that was chosen last; it may still be opening. @type {HTMLVideoElement | null} */
let chosen = null;
/** Python's last message. @type {BackdropVideo | null} */
let request = null;
/** The next look at whether a picture is due; undefined while none can be. */
let timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
/** The workers that have not handled the last picture they were given. @type {WeakSet<Handle>} */
const busy = new WeakSet();
/** The workers that were given a picture. @type {WeakSet<Handle>} */
const given = new WeakSet();

/**
 * Play a file from now on. One that cannot be played is reported; the video before it goes on then.
 * @param {File} file
 * @param {Report} report
 */
export async function choose(file, report) {
  const opened = chosen = player({ src: URL.createObjectURL(file), loop: true });
  const playable = await opened.play().then(() => opened.videoWidth > 0, () => false); // sound has no width
  if (!playable) report('decode');
  if (!playable || chosen !== opened) { // another was chosen meanwhile
    close(opened);
    return;
  }
  if (video) close(video);
  video = opened;
  if (!timer) tick();
}

/** @param {BackdropVideo} message */
export function follow(message) {
  request = message;
  if (!timer) tick();
}

/** @param {HTMLVideoElement} opened */
function close(opened) {
  opened.pause();
  URL.revokeObjectURL(opened.src);
}

/** Sample the video, and again after the time that Python's rate leaves between two pictures. */
function tick() {
  timer = undefined;
  if (!video || !request?.rate) {
    video?.pause();
    return;
  }
  timer = setTimeout(tick, 1000 / request.rate);
  if (document.hidden || !alive(current)) {
    video.pause();
    return;
  }
  if (video.paused) video.play().catch(() => {}); // also after the browser paused it
  for (const handle of [current, next]) {
    // A worker that starts keeps one picture, to begin with it: more would only wait.
    if (alive(handle) && !busy.has(handle) && (handle.ready || !given.has(handle))) sample(video, handle);
  }
}

/**
 * Move a picture of the video to a worker, which gets the next one after it has handled this one.
 * @param {HTMLVideoElement} from
 * @param {Handle} handle
 */
async function sample(from, handle) {
  busy.add(handle);
  given.add(handle);
  const { width, height } = /** @type {BackdropVideo} */ (request);
  const scale = Math.min(1, Math.max(width / from.videoWidth, height / from.videoHeight));
  const picture = await createImageBitmap(from, {
    resizeWidth: Math.max(1, Math.round(from.videoWidth * scale)),
    resizeHeight: Math.max(1, Math.round(from.videoHeight * scale)),
  }).catch(() => null);
  if (picture && alive(handle) && from === video && request?.rate) {
    await move(handle, { type: 'backdrop-frame', picture });
  } else picture?.close();
  busy.delete(handle);
}
