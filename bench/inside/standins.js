// Puts stand-ins for the browser's objects into globalThis.standins: methods of the same names that return at once
// (quiet), or that call the real object and add up its time (timed). Run by bench/border.py.
() => {
  const spent = { ms: 0 }; // in the real objects since the last call of take()
  const clocked = (real, name) => (...given) => {
    const begin = performance.now();
    const found = real[name](...given);
    spent.ms += performance.now() - begin;
    return found;
  };
  const each = (real, method) => {
    const made = {};
    for (const name in real) made[name] = typeof real[name] === 'function' ? method(real, name) : real[name];
    return made;
  };
  globalThis.standins = {
    take() { const { ms } = spent; spent.ms = 0; return ms; },
    // Every method returns at once: the entry of `answers` with its name, or undefined.
    quiet: (real, answers) => each(real, (_, name) => () => answers?.[name]),
    timed(real) {
      const made = each(real, clocked);
      for (const name of ['fillStyle', 'filter', 'globalCompositeOperation']) {
        if (name in real) Object.defineProperty(made, name, { get: () => real[name], set: (value) => { real[name] = value; } });
      }
      if (real.canvas) Object.defineProperty(made, 'canvas', { value: real.canvas });
      return made;
    },
    timedSession: (real) => ({
      inputNames: real.inputNames,
      outputNames: real.outputNames,
      async run(feeds) {
        const begin = performance.now();
        const outputs = await real.run(feeds);
        spent.ms += performance.now() - begin;
        return outputs;
      },
    }),
    session: (real, outputs) => ({ inputNames: real.inputNames, outputNames: real.outputNames, run: async () => outputs }),
    image: class {},
    picture: { width: 640, height: 480, close() {} },
    // The page's side: delivers the next frame after the last is done.
    deliver(take, picture) {
      const message = { picture, time: 0, is_photo: false, first_of_source: false, skipped: 0 };
      queueMicrotask(() => take(message));
    },
    async deliverReal(take, frame) {
      const begin = performance.now();
      const picture = await createImageBitmap(frame);
      spent.ms += performance.now() - begin;
      take({ picture, time: 0, is_photo: false, first_of_source: false, skipped: 0 });
    },
  };
}
