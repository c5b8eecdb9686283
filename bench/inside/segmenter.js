// Runs MediaPipe tasks-vision on globalThis.frames. Returns the milliseconds of each frame, from frame to mask in
// JavaScript's memory. `delegate` is CPU or GPU. Run by bench/_mask_time.py and bench/peer.py.
async ([base, delegate, model, [width, height]]) => {
  const at = (path) => new URL(path, base).href;
  const segmenters = globalThis.segmenters ??= {};
  if (!segmenters[delegate]) {
    const { FilesetResolver, ImageSegmenter } = await import(at('lib/tasks-vision/vision_bundle.mjs'));
    const files = await FilesetResolver.forVisionTasks(at('lib/tasks-vision/wasm'));
    segmenters[delegate] = await ImageSegmenter.createFromOptions(files, {
      baseOptions: { modelAssetPath: at(model), delegate },
      runningMode: 'VIDEO', outputConfidenceMasks: true, outputCategoryMask: false,
    });
    globalThis.stamp ??= 0;
  }
  const pictures = await Promise.all(globalThis.frames.map((frame) => (
    createImageBitmap(frame, { resizeWidth: width, resizeHeight: height }))));
  const times = [];
  for (const picture of pictures) {
    let mask;
    const begin = performance.now();
    segmenters[delegate].segmentForVideo(picture, ++globalThis.stamp * 33, ({ confidenceMasks: [first] }) => {
      mask = first.getAsFloat32Array();
    });
    times.push(performance.now() - begin);
    const person = mask.filter((value) => value > 0.5).length / mask.length;
    if (mask.length !== width * height || person < 0.05 || person > 0.95) throw new Error('the peer found no person');
    picture.close();
  }
  return times;
}
