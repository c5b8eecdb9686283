// Runs a tf.js graph model with TF.js on a backend for `budget` ms; returns the milliseconds of each run, from the input
// in JavaScript's memory to all outputs there. Run by bench/_run_models.py.
async ([base, { model, shape, backend }, input, budget]) => {
  const at = (path) => new URL(path, base).href;
  const load = (path) => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement('script'), { src: at(path), onload: resolve, onerror: reject }));
  });
  const kept = globalThis.tfjs ??= { models: {} };
  kept.library ??= (async () => {
    for (const part of ['core', 'converter', 'backend-cpu', `backend-${backend}`]) {
      await load(`lib/tfjs-${part}/dist/tf-${part}.min.js`);
    }
    tf.wasm?.setWasmPaths(at('lib/tfjs-backend-wasm/dist/'));
    tf.wasm?.setThreadsCount?.(1);
    if (!(await tf.setBackend(backend))) throw new Error(`TF.js has no ${backend} here`);
    await tf.ready();
  })();
  await kept.library;
  kept.models[model] ??= tf.loadGraphModel(at(`${model}/model.json`));
  const graph = await kept.models[model];
  const values = globalThis.pixels(shape, input);
  const times = [];
  for (const late = performance.now() + budget; !times.length || performance.now() < late;) {
    const begin = performance.now();
    const tensor = tf.tensor(values, shape);
    const found = graph.execute(tensor);
    const outputs = Array.isArray(found) ? found : [found];
    for (const output of outputs) if (!(await output.data()).length) throw new Error('an output is empty');
    times.push(performance.now() - begin);
    tf.dispose([tensor, ...outputs]);
  }
  return times;
}
