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
  await video.play();
  return fromVideo(video, () => stream.getTracks().forEach((track) => track.stop()));
}

async function photo(file, [most, high], bounded) {
  const whole = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, most / whole.width, high / whole.height);
  let shown = whole;
  if (scale < 1) {
    const size = { resizeWidth: Math.round(whole.width * scale), resizeHeight: Math.round(whole.height * scale) };
    shown = await createImageBitmap(whole, { ...size, resizeQuality: 'high' });
    bounded({ width: whole.width, height: whole.height, shown: `${shown.width} × ${shown.height}` });
    whole.close();
  }
  const canvas = Object.assign(document.createElement('canvas'), { width: shown.width, height: shown.height });
  canvas.getContext('2d').drawImage(shown, 0, 0);
  const next = async () => ({ picture: await createImageBitmap(canvas), time: performance.now(), skipped: 0 });
  shown.close();
  return { next, stop() { canvas.width = 0; }, still: true, element: canvas };
}

async function video(file) {
  const player = element({ src: URL.createObjectURL(file), loop: true });
  await player.play();
  return fromVideo(player, () => { player.pause(); URL.revokeObjectURL(player.src); });
}

// Opens what Python's `source` message names. `trouble(name, figures)` is told what went wrong or was bounded.
export async function open(wanted, { scene, file, trouble }) {
  if (wanted.source === 'sample') return sample(scene);
  if (wanted.source === 'camera') return camera(wanted, trouble);
  const size = Math.round(file.size / 1e6);
  const moving = file.type.startsWith('video/');
  if (!moving && size > wanted.megabytes) return trouble('large', { size, most: wanted.megabytes });
  try {
    return await (moving ? video(file) : photo(file, wanted.photo, (figures) => trouble('bounded', figures)));
  } catch {
    return trouble('decode');
  }
}
