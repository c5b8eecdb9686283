// Stand-ins for the browser's objects, at globalThis.standins: the same names, nothing behind them. Run by border.py.
() => {
  const spent = { ms: 0 };
  const each = (real, method) => {
    const made = {};
    for (const name in real) made[name] = typeof real[name] === 'function' ? method(real, name) : real[name];
    return made;
  };
  globalThis.standins = {
    spent,
    // Returns at once what `answers` has by the method's name.
    quiet: (real, answers) => each(real, (_, name) => () => answers?.[name]),
    session: (real, outputs) => ({ inputNames: real.inputNames, outputNames: real.outputNames, run: async () => outputs }),
    image: class {},
    picture: { width: 640, height: 480, close() {} },
    // The page's side of a frame: once it is told that one is done, it delivers the next.
    deliver(take, picture) {
      const message = { picture, time: 0, still: false, skipped: 0 };
      queueMicrotask(() => take(message));
    },
  };
}
