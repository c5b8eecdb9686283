// @ts-check
// Owns the source of the pictures: the built-in scene, a camera, a photo or a video, opened and closed here.
// Does not choose a source, its size or the limits of a file: they come with Python's `source` message.

/** @import { Source as Request } from '../types/messages' */

/** The limits of a picture file. @typedef {Pick<Request, 'photo' | 'megabytes' | 'megapixels'>} Bounds */

import { context2d, make } from './panel.js';

/**
 * A picture, its time in milliseconds, and how many the source had since the last one taken.
 * @typedef {{ picture: VideoFrame | ImageBitmap, time: number, skipped: number }} Picture
 */

/**
 * An opened source.
 * @typedef {object} Source
 * @property {() => Promise<Picture>} next waits for the next picture; a photo gives the same again
 * @property {boolean} still whether it is a photo
 * @property {boolean} [live] whether it is a camera
 * @property {() => void} stop closes it
 * @property {() => HTMLVideoElement | HTMLCanvasElement} element shows it unmasked
 * @property {() => ReadableStream<VideoFrame>} [stream] all its pictures; a worker can read it
 */

/**
 * Says that something went wrong, or that a photo was made smaller. Python has the sentence for each name.
 * @typedef {(name: string, figures?: Record<string, string | number>) => undefined} Report
 */

/** A part of the person's swaying. @typedef {'x' | 'turn' | 'zoom'} Swing */

/**
 * How the built-in scene is drawn: two image files, their size, and what the person's swaying is made of.
 * @typedef {object} Scene
 * @property {string} room
 * @property {string} person
 * @property {number} width
 * @property {number} height
 * @property {Record<Swing, { reach: number, ms: number }> & { low: number, size: number }} sway
 */

/**
 * The newest picture of a video, as soon as there is one that was not taken.
 * @param {HTMLVideoElement} video
 * @param {() => void} release
 * @returns {Source}
 */
function fromVideo(video, release) {
  let last = 0;
  video.onpause = () => video.play().catch(() => {}); // browsers pause a video that leaves the document
  const stop = () => { video.onpause = null; release(); };
  const take = async () => (globalThis.VideoFrame ? new VideoFrame(video) : createImageBitmap(video));
  /** @returns {Promise<Picture>} */
  const next = () => new Promise((resolve, reject) => {
    video.requestVideoFrameCallback((time, { presentedFrames }) => {
      const skipped = last ? Math.max(0, presentedFrames - last - 1) : 0;
      last = presentedFrames;
      take().then((picture) => resolve({ picture, time, skipped }), reject);
    });
  });
  return { next, stop, still: false, element: () => video };
}

/**
 * A camera whose frames go to the workers without passing this page's thread, nor a video element. Drawing
 * them took 0.17 processor seconds a second of camera in this way, 0.20 with requestVideoFrameCallback.
 * @param {MediaStream} media
 * @param {() => void} release
 * @param {NonNullable<typeof MediaStreamTrackProcessor>} Processor
 * @returns {Source}
 */
function fromTrack(media, release, Processor) {
  /** @type {HTMLVideoElement | null} */
  let video = null;
  const [track] = media.getVideoTracks();
  return {
    next: () => Promise.reject(new DOMException('', 'NotSupportedError')),
    stop() { video?.pause(); release(); },
    still: false,
    element() {
      video ??= player({ srcObject: media, autoplay: true });
      return video;
    },
    stream: () => new Processor({ track, maxBufferSize: 1 }).readable,
  };
}

/** A video element that makes no sound. */
export const player = (/** @type {Partial<HTMLVideoElement>} */ fields) =>
  make('video', { muted: true, playsInline: true, ...fields });

/** @param {string} path */
async function image(path) {
  const loaded = Object.assign(new Image(), { src: path });
  await loaded.decode();
  return loaded;
}

/**
 * The built-in scene: a person who sways in front of a room, drawn anew for each picture of the screen.
 * @param {Scene} scene
 * @returns {Promise<Source>}
 */
async function sample({ room, person, width, height, sway }) {
  const [back, front] = await Promise.all([image(room), image(person)]);
  const canvas = make('canvas', { width, height });
  // The pixels stay in ordinary memory, from which a worker without a GPU reads them fast.
  const draw = context2d(canvas, { willReadFrequently: true });
  /** @returns {Promise<Picture>} */
  const next = () => new Promise((resolve) => {
    requestAnimationFrame((time) => {
      const swing = (/** @type {Swing} */ name) =>
        sway[name].reach * Math.sin((2 * Math.PI * time) / sway[name].ms);
      draw.setTransform(1, 0, 0, 1, 0, 0);
      draw.drawImage(back, 0, 0, width, height);
      draw.translate(width / 2 + swing('x'), height + sway.low);
      draw.rotate(swing('turn'));
      draw.scale(sway.size + swing('zoom'), sway.size + swing('zoom'));
      draw.drawImage(front, -front.width / 2, -front.height);
      createImageBitmap(canvas).then((picture) => resolve({ picture, time, skipped: 0 }));
    });
  });
  return { next, stop() {}, still: false, element: () => canvas };
}

/**
 * @param {Request} request
 * @param {Report} report
 * @returns {Promise<Source>}
 */
async function camera({ camera: id, width, height }, report) {
  if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
  const device = id ? { deviceId: { ideal: id } } : { facingMode: 'user' };
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false, video: { ...device, width: { ideal: width }, height: { ideal: height } },
  });
  for (const track of stream.getTracks()) track.onended = () => report('ended');
  const release = () => stream.getTracks().forEach((track) => track.stop());
  const { MediaStreamTrackProcessor: Processor } = globalThis;
  if (Processor) return { ...fromTrack(stream, release, Processor), live: true };
  const video = player({ srcObject: stream });
  await video.play().catch((error) => { release(); throw error; });
  return { ...fromVideo(video, release), live: true };
}

/**
 * A picture file, made smaller where it is larger than the bounds. The size is read from the file's head
 * before anything is decoded, so that a picture with too many pixels never is. What is wrong is reported,
 * then the result is undefined.
 * @param {File} file
 * @param {Bounds} bounds
 * @param {Report} report
 */
export async function still(file, { photo: [mostWidth, mostHeight], megabytes, megapixels }, report) {
  const size = Math.round(file.size / 1e6);
  if (size > megabytes) return report('large', { size, most: megabytes });
  const [width, height] = await extent(file);
  if (!width) return report('decode');
  const millions = Math.ceil((width * height) / 1e6);
  if (millions > megapixels) return report('pixels', { megapixels: millions, most: megapixels });
  const scale = Math.min(1, mostWidth / width, mostHeight / height);
  /** @type {ImageBitmapOptions} */
  const options = { imageOrientation: 'from-image' };
  if (scale === 1) return (await decoded(file, options)) ?? report('decode');
  const resizeWidth = Math.max(1, Math.round(width * scale));
  const resizeHeight = Math.max(1, Math.round(height * scale));
  Object.assign(options, { resizeWidth, resizeHeight, resizeQuality: 'high' });
  const picture = (await smaller(file, options)) ?? (await decoded(file, options));
  if (!picture) return report('decode');
  report('bounded', { width, height, shown: `${resizeWidth} × ${resizeHeight}` });
  return picture;
}

/**
 * @param {File} file
 * @param {ImageBitmapOptions} options
 */
const decoded = (file, options) => createImageBitmap(file, options).catch(() => null);

/**
 * A JPEG decoded at a part of its size, an eighth or more, where the browser can do that and tells how the
 * picture is turned; null elsewhere. For one of 50 megapixels Chromium then takes 48 MB; decoded whole it
 * takes 267 MB.
 * @param {File} file
 * @param {ImageBitmapOptions} options
 */
async function smaller(file, { resizeWidth = 1, resizeHeight = 1, resizeQuality }) {
  if (!globalThis.ImageDecoder || file.type !== 'image/jpeg') return null;
  const desired = Math.round(1.5 * Math.max(resizeWidth, resizeHeight)); // of either side: it may be turned
  let decoder, frame;
  try {
    decoder = new ImageDecoder({
      data: file.stream(), type: file.type, desiredWidth: desired, desiredHeight: desired,
    });
    ({ image: frame } = await decoder.decode());
    if (!('rotation' in frame)) return null;
    return await createImageBitmap(frame, { resizeWidth, resizeHeight, resizeQuality });
  } catch {
    return null;
  } finally {
    frame?.close();
    decoder?.close();
  }
}

/**
 * Width and height of a picture file, turned as it will be shown; zeros where it is no picture.
 * @param {File} file
 */
async function extent(file) {
  const probe = Object.assign(new Image(), { src: URL.createObjectURL(file) });
  await new Promise((resolve) => { probe.onload = probe.onerror = resolve; });
  URL.revokeObjectURL(probe.src);
  return [probe.naturalWidth, probe.naturalHeight];
}

/**
 * @param {ImageBitmap} photo
 * @returns {Source}
 */
function fromPhoto(photo) {
  const canvas = make('canvas', { width: photo.width, height: photo.height });
  context2d(canvas).drawImage(photo, 0, 0);
  photo.close();
  /** @returns {Promise<Picture>} */
  const next = async () =>
    ({ picture: await createImageBitmap(canvas), time: performance.now(), skipped: 0 });
  return { next, stop() { canvas.width = 0; }, still: true, element: () => canvas };
}

/** @param {File} file */
async function video(file) {
  const element = player({ src: URL.createObjectURL(file), loop: true });
  await element.play().catch((error) => { URL.revokeObjectURL(element.src); throw error; });
  return fromVideo(element, () => { element.pause(); URL.revokeObjectURL(element.src); });
}

/**
 * Open the source that Python's `source` message names. Undefined where that failed and was reported; other
 * failures are DOMExceptions.
 * @param {Request} request
 * @param {{ scene: Scene, file: File | null, report: Report }} given what each kind of source is opened from
 * @returns {Promise<Source | undefined>}
 */
export async function open(request, { scene, file, report }) {
  if (request.source === 'sample') return sample(scene);
  if (request.source === 'camera') return camera(request, report);
  if (!file) return undefined;
  if (file.type.startsWith('video/')) return video(file).catch(() => report('decode'));
  const photo = await still(file, request, report);
  return photo && fromPhoto(photo);
}
