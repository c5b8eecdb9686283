// Runs the legacy MediaPipe solution for selfie segmentation on globalThis.frames for `budget` ms; returns the
// milliseconds from each picture to its mask in JavaScript's memory. Run by bench/_run_models.py.
async ([base, { card }, input, budget]) => {
  const at = (path) => new URL(path, base).href;
  const kept = globalThis.legacy ??= {};
  kept.library ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement('script'), {
      src: at('lib/legacy/selfie_segmentation.js'), crossOrigin: 'anonymous', onload: resolve, onerror: reject,
    }));
  });
  await kept.library;
  if (kept.card !== card) {
    await kept.solution?.close();
    kept.solution = new globalThis.SelfieSegmentation({ locateFile: (name) => at(`lib/legacy/${name}`) });
    kept.solution.setOptions({ modelSelection: card === 'selfie-landscape' ? 1 : 0 });
    kept.solution.onResults((results) => { kept.mask = results.segmentationMask; });
    kept.card = card;
    const canvas = kept.canvas = document.createElement('canvas');
    const { width, height } = globalThis.frames[0];
    Object.assign(canvas, { width, height });
    kept.read = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  }
  const times = [];
  for (const late = performance.now() + budget; !times.length || performance.now() < late;) {
    kept.canvas.getContext('2d').drawImage(globalThis.frames[times.length % globalThis.frames.length], 0, 0);
    const begin = performance.now();
    await kept.solution.send({ image: kept.canvas });
    if (!kept.mask) throw new Error('there is no mask');
    kept.read.clearRect(0, 0, kept.canvas.width, kept.canvas.height);
    kept.read.drawImage(kept.mask, 0, 0);
    const { data } = kept.read.getImageData(0, 0, kept.canvas.width, kept.canvas.height);
    times.push(performance.now() - begin);
    if (!data.some((value) => value)) throw new Error('the mask is empty');
  }
  return times;
}
