// Runs a TFLite file with LiteRT.js on WASM (XNNPACK) for `budget` ms; returns the milliseconds of each run, from the
// input in JavaScript's memory to all outputs there. Run by bench/_run_models.py.
async ([base, { model, shape }, input, budget]) => {
  const at = (path) => new URL(path, base).href;
  const kept = globalThis.litert ??= { models: {} };
  kept.library ??= (async () => {
    const library = await import(at('lib/litert/dist/index.js'));
    await library.loadLiteRt(at('lib/litert/wasm/'), { threads: false });
    return library;
  })();
  const { loadAndCompile, Tensor } = await kept.library;
  kept.models[model] ??= loadAndCompile(at(`${model}/model.tflite`), { accelerator: 'wasm' });
  const compiled = await kept.models[model];
  const bytes = compiled.getInputDetails()[0].dtype === 'uint8'; // a quantised model takes the picture as it is
  const values = bytes ? Uint8Array.from(globalThis.pixels(shape, { scale: 1, offset: 0 })) : globalThis.pixels(shape, input);
  const times = [];
  for (const late = performance.now() + budget; !times.length || performance.now() < late;) {
    const begin = performance.now();
    const tensor = new Tensor(values, shape);
    const outputs = await compiled.run(tensor);
    for (const output of Object.values(outputs)) {
      if (!output.toTypedArray().length) throw new Error('an output is empty');
      output.delete();
    }
    times.push(performance.now() - begin);
    tensor.delete();
  }
  return times;
}
