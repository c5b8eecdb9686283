// Where pictures come from: the sample, a camera, a photo, a video. Each gives `next()`, `still`, `stop()`, `element`.

// The newest picture of a video, when there is one. `skipped`: frames it showed since the last one taken.
function fromVideo(video, give) {
  let last = 0;
  video.onpause = () => video.play().catch(() => {}); // browsers pause one that is taken out of the document
  const stop = () => { video.onpause = null; give(); };
  const take = async () => (globalThis.VideoFrame ? new VideoFrame(video) : createImageBitmap(video));
  const next = () => new Promise((resolve, reject) => {
    video.requestVideoFrameCallback((time, { presentedFrames }) => {
      const skipped = last ? Math.max(0, presentedFrames - last - 1) : 0;
      last = presentedFrames;
      take().then((picture) => resolve({ picture, time, skipped }), reject);
    });
  });
  return { next, stop, still: false, element: video };
}

const element = (fields) => Object.assign(document.createElement('video'), { muted: true, playsInline: true, ...fields });

async function picture(path) {
  const image = Object.assign(new Image(), { src: path });
  await image.decode();
  return image;
}

// The built-in scene: a person swaying before a room, drawn anew for each frame. The manifest says how.
async function sample({ room, person, width, height, sway }) {
  const [back, front] = await Promise.all([picture(room), picture(person)]);
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const draw = canvas.getContext('2d', { willReadFrequently: true }); // in memory: workers without a GPU read it fast
  const next = () => new Promise((resolve) => {
    requestAnimationFrame((time) => {
      const swing = (name) => sway[name].reach * Math.sin((2 * Math.PI * time) / sway[name].ms);
      draw.setTransform(1, 0, 0, 1, 0, 0);
      draw.drawImage(back, 0, 0, width, height);
      draw.translate(width / 2 + swing('x'), height + sway.low);
      draw.rotate(swing('turn'));
      draw.scale(sway.size + swing('zoom'), sway.size + swing('zoom'));
      draw.drawImage(front, -front.width / 2, -front.height);
      createImageBitmap(canvas).then((bitmap) => resolve({ picture: bitmap, time, skipped: 0 }));
    });
  });
  return { next, stop() {}, still: false, element: canvas };
}

async function camera({ camera: id, width, height }, ended) {
  if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
  const device = id ? { deviceId: { ideal: id } } : { facingMode: 'user' };
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false, video: { ...device, width: { ideal: width }, height: { ideal: height } },
  });
  const video = element({ srcObject: stream });
  for (const track of stream.getTracks()) track.onended = () => ended('ended');
  const off = () => stream.getTracks().forEach((track) => track.stop());
  await video.play().catch((error) => { off(); throw error; });
  return { ...fromVideo(video, off), live: true };
}

// A picture file as ImageBitmap, within the bounds that Python gives. Its size is known before it is decoded, so
// that nothing is decoded of a picture that has too many pixels.
export async function still(file, { photo: [most, high], megabytes, megapixels }, trouble) {
  const size = Math.round(file.size / 1e6);
  if (size > megabytes) return trouble('large', { size, most: megabytes });
  const [width, height] = await extent(file);
  if (!width) return trouble('decode');
  const millions = Math.ceil((width * height) / 1e6);
  if (millions > megapixels) return trouble('pixels', { megapixels: millions, most: megapixels });
  const scale = Math.min(1, most / width, high / height);
  const [resizeWidth, resizeHeight] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const how = { imageOrientation: 'from-image', ...(scale < 1 && { resizeWidth, resizeHeight, resizeQuality: 'high' }) };
  const shown = (scale < 1 && await smaller(file, how)) || await createImageBitmap(file, how).catch(() => null);
  if (!shown) return trouble('decode');
  if (scale < 1) trouble('bounded', { width, height, shown: `${resizeWidth} × ${resizeHeight}` });
  return shown;
}

// A JPEG decoded at a part of its size, an eighth or more, where the browser can and knows how it is turned: of one
// of 50 megapixels Chromium then takes 48 MB, decoded whole 267 MB. Elsewhere null.
async function smaller(file, { resizeWidth, resizeHeight, resizeQuality }) {
  if (!globalThis.ImageDecoder || file.type !== 'image/jpeg') return null;
  const desired = Math.round(1.5 * Math.max(resizeWidth, resizeHeight)); // of either side, for it may be turned
  let decoder, image;
  try {
    decoder = new ImageDecoder({ data: file.stream(), type: file.type, desiredWidth: desired, desiredHeight: desired });
    ({ image } = await decoder.decode());
    return 'rotation' in image ? await createImageBitmap(image, { resizeWidth, resizeHeight, resizeQuality }) : null;
  } catch {
    return null;
  } finally {
    image?.close();
    decoder?.close();
  }
}

// Width and height of a picture file, turned as it will be shown; zeros where it is none.
async function extent(file) {
  const image = Object.assign(new Image(), { src: URL.createObjectURL(file) });
  await new Promise((resolve) => { image.onload = image.onerror = resolve; });
  URL.revokeObjectURL(image.src);
  return [image.naturalWidth, image.naturalHeight];
}

function fromPhoto(shown) {
  const canvas = Object.assign(document.createElement('canvas'), { width: shown.width, height: shown.height });
  canvas.getContext('2d').drawImage(shown, 0, 0);
  const next = async () => ({ picture: await createImageBitmap(canvas), time: performance.now(), skipped: 0 });
  shown.close();
  return { next, stop() { canvas.width = 0; }, still: true, element: canvas };
}

async function video(file) {
  const player = element({ src: URL.createObjectURL(file), loop: true });
  await player.play().catch((error) => { URL.revokeObjectURL(player.src); throw error; });
  return fromVideo(player, () => { player.pause(); URL.revokeObjectURL(player.src); });
}

// Opens what Python's `source` message names. `trouble(name, figures)` is told what went wrong or was bounded.
export async function open(wanted, { scene, file, trouble }) {
  if (wanted.source === 'sample') return sample(scene);
  if (wanted.source === 'camera') return camera(wanted, trouble);
  if (file.type.startsWith('video/')) return video(file).catch(() => trouble('decode'));
  const shown = await still(file, wanted, trouble);
  return shown && fromPhoto(shown);
}
