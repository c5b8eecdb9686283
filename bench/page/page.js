// The page that the benchmarks compare with: a virtual background as one writes it by hand with MediaPipe
// tasks-vision and a 2D canvas. `?source=` is camera or scene, `?background=` is blur, or none, which shows
// the plain video; `?delegate=` is CPU or GPU. `bench.ready` resolves to the ms from the navigation to the
// first composited picture; `bench.times` gets the ms from each picture to its mask in JavaScript's memory.
// The model gets the picture at its own size: the whole video took 10.5 ms where this takes 8.3, and a
// VideoFrame or an ImageBitmap of it 9.5 to 11.3, so this is the fastest page of those that were tried.

const WIDTH = 640, HEIGHT = 480;
const INPUT = [256, 144]; // width and height of the model's input
const SMALL = 4; // the background is blurred at a quarter of the size: a fraction of the work, the same look
const asked = new URLSearchParams(location.search);
const visible = document.querySelector('canvas');

let resolveReady;
globalThis.bench = { times: [], pictures: 0, ready: new Promise((resolve) => { resolveReady = resolve; }) };

function canvas2d(width, height, options) {
  const canvas = new OffscreenCanvas(width, height);
  return canvas.getContext('2d', options);
}

async function openCamera() {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, playsInline: true });
  video.srcObject = await navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: WIDTH }, height: { ideal: HEIGHT } },
  });
  await video.play();
  const next = () => new Promise((resolve) => { video.requestVideoFrameCallback(resolve); });
  return { picture: video, next };
}

async function openScene() {
  const { room, person, width, height, sway } = await (await fetch('scene.json')).json();
  const load = async (src) => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    return image;
  };
  const [back, front] = await Promise.all([load(room), load(person)]);
  const draw = canvas2d(WIDTH, HEIGHT, { willReadFrequently: true });
  const next = () => new Promise((resolve) => {
    requestAnimationFrame((time) => {
      draw.setTransform(WIDTH / width, 0, 0, HEIGHT / height, 0, 0);
      draw.drawImage(back, 0, 0, width, height);
      const x = sway.x.reach * Math.sin((2 * Math.PI * time) / sway.x.ms);
      draw.translate(width / 2 + x, height + sway.low);
      draw.scale(sway.size, sway.size);
      draw.drawImage(front, -front.width / 2, -front.height);
      resolve();
    });
  });
  return { picture: draw.canvas, next };
}

async function openSegmenter() {
  const { FilesetResolver, ImageSegmenter } = await import('./lib/tasks-vision/vision_bundle.mjs');
  return ImageSegmenter.createFromOptions(await FilesetResolver.forVisionTasks('lib/tasks-vision/wasm'), {
    baseOptions: { modelAssetPath: 'model.tflite', delegate: asked.get('delegate') ?? 'CPU' },
    runningMode: 'VIDEO', outputConfidenceMasks: true, outputCategoryMask: false,
  });
}

/** A function that draws a picture with its background blurred, given the mask of its person. */
function compositor() {
  const shown = visible.getContext('2d');
  const cut = canvas2d(WIDTH, HEIGHT), low = canvas2d(WIDTH / SMALL, HEIGHT / SMALL);
  const pixels = new ImageData(...INPUT), alpha = canvas2d(...INPUT);
  return (picture, mask) => {
    for (let i = 0; i < mask.length; i++) pixels.data[4 * i + 3] = 255 * mask[i];
    alpha.putImageData(pixels, 0, 0);
    cut.globalCompositeOperation = 'copy';
    cut.drawImage(alpha.canvas, 0, 0, WIDTH, HEIGHT);
    cut.globalCompositeOperation = 'source-in';
    cut.drawImage(picture, 0, 0, WIDTH, HEIGHT);
    low.filter = `blur(${12 / SMALL}px)`;
    low.drawImage(picture, 0, 0, WIDTH / SMALL, HEIGHT / SMALL);
    shown.drawImage(low.canvas, 0, 0, WIDTH, HEIGHT);
    shown.drawImage(cut.canvas, 0, 0);
  };
}

if (asked.get('background') === 'none') {
  const { picture, next } = await openCamera();
  visible.replaceWith(picture);
  await next();
  resolveReady(performance.now());
  for (;;) { await next(); globalThis.bench.pictures += 1; }
} else {
  const opening = asked.get('source') === 'camera' ? openCamera() : openScene();
  const [{ picture, next }, segmenter] = await Promise.all([opening, openSegmenter()]);
  const compose = compositor(), input = canvas2d(...INPUT, { willReadFrequently: true });
  for (;;) {
    await next();
    const begin = performance.now();
    input.drawImage(picture, 0, 0, ...INPUT);
    segmenter.segmentForVideo(input.canvas, begin, ({ confidenceMasks: [first] }) => {
      const mask = first.getAsFloat32Array();
      globalThis.bench.times.push(performance.now() - begin);
      compose(picture, mask);
    });
    globalThis.bench.pictures += 1;
    resolveReady(performance.now());
  }
}
