// Notes the ms from a camera's frame to the finished picture, for frames that tell when they were captured.
// Evaluated in the page's worker by bench/cpu.py; `self.latencies` then holds the last ones.
() => {
  const { take } = self.page;
  self.latencies = [];
  self.page.take = (frame) => {
    const captured = frame.picture.metadata?.().captureTime;
    const note = () => {
      if (captured !== undefined) self.latencies.push(performance.now() - captured);
      if (self.latencies.length > 300) self.latencies.shift();
    };
    const work = take(frame);
    if (work) work.then(note, note);
    else note();
    return work;
  };
}
