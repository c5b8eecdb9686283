// Runs MediaPipe tasks-vision on globalThis.frames with its CPU delegate. Returns the milliseconds of each frame,
// from frame to mask in JavaScript's memory. Run by bench/peer.py.
async ([base, model, [width, height]]) => {
  const at = (path) => new URL(path, base).href;
  if (!globalThis.segmenter) {
    const { FilesetResolver, ImageSegmenter } = await import(at('peer/vision_bundle.mjs'));
    globalThis.segmenter = await ImageSegmenter.createFromOptions(await FilesetResolver.forVisionTasks(at('peer/wasm')), {
      baseOptions: { modelAssetPath: at(model), delegate: 'CPU' },
      runningMode: 'VIDEO', outputConfidenceMasks: true, outputCategoryMask: false,
    });
    globalThis.stamp = 0;
  }
  const pictures = await Promise.all(globalThis.frames.map((frame) => (
    createImageBitmap(frame, { resizeWidth: width, resizeHeight: height }))));
  const times = [];
  for (const picture of pictures) {
    let mask;
    const begin = performance.now();
    globalThis.segmenter.segmentForVideo(picture, ++globalThis.stamp * 33, ({ confidenceMasks: [first] }) => {
      mask = first.getAsFloat32Array();
    });
    times.push(performance.now() - begin);
    const person = mask.filter((value) => value > 0.5).length / mask.length;
    if (mask.length !== width * height || person < 0.05 || person > 0.95) throw new Error('the peer found no person');
    picture.close();
  }
  return times;
}
