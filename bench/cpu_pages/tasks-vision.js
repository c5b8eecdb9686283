// Blurs the room behind the person with MediaPipe tasks-vision and 2D canvases, in the steps of Vitrine's
// CanvasCompositor: what bench/cpu.py compares Vitrine with.

import { FilesetResolver, ImageSegmenter } from '../lib/tasks-vision/vision_bundle.mjs';

const [WIDTH, HEIGHT] = [640, 480];
const SIGMA = 4.7; // Vitrine's default, in pixels of a quarter of the size
const at = (path) => new URL(path, location.href).href;
const context = (width, height) => Object.assign(document.createElement('canvas'), { width, height })
  .getContext('2d', { willReadFrequently: true });

const files = await FilesetResolver.forVisionTasks(at('../lib/tasks-vision/wasm'));
const segmenter = await ImageSegmenter.createFromOptions(files, {
  baseOptions: { modelAssetPath: at('../model.tflite'), delegate: 'CPU' },
  runningMode: 'VIDEO', outputConfidenceMasks: true, outputCategoryMask: false,
});
const stream = await navigator.mediaDevices.getUserMedia({
  video: { width: { ideal: WIDTH }, height: { ideal: HEIGHT } },
});
const video = Object.assign(document.createElement('video'), { muted: true, srcObject: stream });
await video.play();
const main = context(WIDTH, HEIGHT), frame = context(WIDTH, HEIGHT), input = context(256, 144);
const matte = context(256, 144), room = context(WIDTH / 4, HEIGHT / 4), soft = context(WIDTH / 4, HEIGHT / 4);
const pixels = new ImageData(256, 144);
document.getElementById('show').append(main.canvas);
let count = 0;
globalThis.frames = () => count;

function draw(to, operation, from) {
  to.globalCompositeOperation = operation;
  to.drawImage(from.canvas ?? from, 0, 0, to.canvas.width, to.canvas.height);
}

function step(now) {
  video.requestVideoFrameCallback(step);
  draw(frame, 'copy', video);
  draw(input, 'copy', frame); // at the model's size, so that the mask is not enlarged to the picture's
  segmenter.segmentForVideo(input.canvas, now, ({ confidenceMasks: [mask] }) => {
    mask.getAsFloat32Array().forEach((person, i) => { pixels.data[4 * i + 3] = 255 * person; });
  });
  matte.putImageData(pixels, 0, 0);
  draw(room, 'copy', frame);
  draw(room, 'destination-out', matte);
  soft.filter = `blur(${SIGMA}px)`;
  draw(soft, 'copy', room);
  soft.filter = 'none';
  for (let i = 0; i < 3; i++) draw(soft, 'destination-over', soft);
  draw(main, 'copy', frame);
  draw(main, 'destination-in', matte);
  draw(main, 'destination-over', soft);
  count += 1;
}
video.requestVideoFrameCallback(step);
