// Runs a task of MediaPipe tasks-vision on globalThis.frames for `budget` ms; returns the milliseconds from each picture
// to the result in JavaScript's memory. Run by bench/_run_models.py.
async ([base, { model, task, delegate }, input, budget]) => {
  const at = (path) => new URL(path, base).href;
  const kept = globalThis.vision ??= { tasks: {}, stamp: 0 };
  kept.library ??= import(at('lib/tasks-vision/vision_bundle.mjs'));
  const library = await kept.library;
  kept.files ??= library.FilesetResolver.forVisionTasks(at('lib/tasks-vision/wasm'));
  const files = await kept.files;
  kept.tasks[model] ??= library[task].createFromOptions(files, {
    baseOptions: { modelAssetPath: at(`${model}/model.tflite`), delegate },
    runningMode: 'VIDEO',
    ...(task === 'ImageSegmenter' && { outputConfidenceMasks: true, outputCategoryMask: false }),
  });
  const made = await kept.tasks[model];
  const times = [];
  for (const late = performance.now() + budget; !times.length || performance.now() < late;) {
    const picture = await createImageBitmap(globalThis.frames[times.length % globalThis.frames.length]);
    const begin = performance.now();
    if (task === 'ImageSegmenter') {
      made.segmentForVideo(picture, ++kept.stamp * 33, ({ confidenceMasks: [first] }) => first.getAsFloat32Array());
    } else {
      const { detections } = made.detectForVideo(picture, ++kept.stamp * 33);
      if (!detections) throw new Error('there is no result');
    }
    times.push(performance.now() - begin);
    picture.close();
  }
  return times;
}
