// Notes the ms from the arrival of a camera's frame in the worker to the finished picture.
// Evaluated in the page's worker by bench/cpu.py; `self.latencies` then holds the last ones.
() => {
  const { page } = self, { take } = page;
  let arrived = 0;
  self.latencies = [];
  if (page.pixels) {
    const copy = page.pixels.take.bind(page.pixels);
    page.pixels.take = (picture) => {
      arrived = performance.now();
      return copy(picture);
    };
  }
  page.take = (frame) => {
    const begin = page.pixels ? arrived : performance.now();
    const note = () => {
      self.latencies.push(performance.now() - begin);
      if (self.latencies.length > 300) self.latencies.shift();
    };
    const work = take(frame);
    if (work) work.then(note, note);
    else note();
    return work;
  };
}
