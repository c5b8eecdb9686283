// Times graphs in the module worker of bench/kernels.py, which holds onnxruntime-web as globalThis.ort.
// `task`: graph, steps or calls. Paths are relative to the worker. Times are in milliseconds.
async ({ task, ...job }) => {
  const now = () => performance.now();
  const bytes = async (path) => {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  };

  // A compiled module that is ready to run, and how long that took.
  const start = async (path, weights, feeds) => {
    const code = await bytes(path);
    const begin = now();
    const module = await WebAssembly.compile(code);
    const [section] = WebAssembly.Module.customSections(module, 'vitrine');
    const about = JSON.parse(new TextDecoder().decode(section));
    const { exports } = await WebAssembly.instantiate(module);
    const memory = new Uint8Array(exports.memory.buffer);
    memory.set(weights, about.weights.offset);
    exports.load();
    const ready = now() - begin;
    const fill = () => {
      for (const [name, { data }] of Object.entries(feeds)) memory.set(data, about.inputs[name].offset);
    };
    const run = () => {
      fill();
      exports.run();
    };
    const again = now();
    run();
    return { exports, run, memory: memory.length, ready, first: now() - again };
  };

  const inputs = async (given) => {
    const feeds = {};
    for (const [name, { type, shape, path }] of Object.entries(given)) {
      const data = await bytes(path);
      const values = type === 'uint8' ? data : new Float32Array(data.buffer);
      feeds[name] = { data, tensor: new ort.Tensor(type, values, shape) };
    }
    return feeds;
  };

  // Each kind runs again and again for `budget` ms in each round; the order rotates.
  const graph = async ({ onnx, weights, modules, given, dimensions, rounds, budget }) => {
    const feeds = await inputs(given);
    const packed = await bytes(weights);
    const figures = {};
    const kinds = {};
    for (const [kind, path] of Object.entries(modules)) {
      const { run, memory, ready, first } = await start(path, packed, feeds);
      kinds[kind] = run;
      figures[kind] = { memory, ready, first };
    }
    const file = await bytes(onnx);
    const tensors = Object.fromEntries(Object.entries(feeds).map(([name, { tensor }]) => [name, tensor]));
    const begin = now();
    const session = await ort.InferenceSession.create(file, {
      executionProviders: ['wasm'], graphOptimizationLevel: 'all', freeDimensionOverrides: dimensions,
    });
    const ready = now() - begin;
    await session.run(tensors);
    kinds.ort = () => session.run(tensors);
    figures.ort = { ready, first: now() - begin - ready };
    const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
    for (const run of Object.values(kinds)) for (let n = 0; n < 12; n += 1) await run();
    const order = Object.keys(kinds);
    for (let round = 0; round < rounds; round += 1) {
      order.push(order.shift());
      for (const kind of order) {
        const own = [];
        const late = now() + budget;
        do {
          const from = now();
          if (kind === 'ort') await kinds.ort();
          else kinds[kind]();
          own.push(now() - from);
        } while (now() < late);
        times[kind].push(own);
      }
    }
    await session.release();
    return { times, figures };
  };

  // The least time of a call, of several calls in a row.
  const least = (call, tries, long) => {
    let count = 1;
    for (;;) {
      const from = now();
      for (let n = 0; n < count; n += 1) call();
      if (now() - from > long) break;
      count *= 2;
    }
    let best = Infinity;
    for (let n = 0; n < tries; n += 1) {
      const from = now();
      for (let k = 0; k < count; k += 1) call();
      best = Math.min(best, (now() - from) / count);
    }
    return best;
  };

  const steps = async ({ weights, module, given, count }) => {
    const { run, exports } = await start(module, await bytes(weights), await inputs(given));
    for (let n = 0; n < 30; n += 1) run();
    const times = [];
    for (let n = 0; n < count; n += 1) times.push(least(exports[`step${n}`], 12, 0.3));
    return { times, run: least(run, 30, 0.3) };
  };

  // The least time of one exported function of each module, on memory of zeros.
  const calls = async ({ functions }) => {
    const times = [];
    for (const [path, name] of functions) {
      const { instance } = await WebAssembly.instantiate(await bytes(path));
      const call = instance.exports[name];
      for (let n = 0; n < 200; n += 1) call();
      times.push(least(call, 100, 0.3));
    }
    return times;
  };

  if (!crossOriginIsolated) throw new Error('the clock is coarse: the page is not cross-origin isolated');
  return await { graph, steps, calls }[task](job);
}
