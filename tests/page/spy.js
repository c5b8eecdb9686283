// Runs in the page before its own code: notes when pictures are done, how many workers began and live, what
// the camera was asked. `hide(true)` does what a hidden tab does, for a browser without a window hides none.
// The screen shows 10 pictures a second: drawn by the processor, 60 leave nothing of it to what is tested.
// Changes nothing else.
const PAUSE = 85; // ms between two of the screen's pictures, besides its own 16
const held = [];
globalThis.spy = {
  done: [], begun: 0, live: 0, asked: [], hidden: false,
  hide(hidden) {
    spy.hidden = hidden;
    if (!hidden) held.splice(0).forEach((draw) => requestAnimationFrame(draw));
  },
};
Object.defineProperty(document, 'hidden', { get: () => spy.hidden });
const { requestAnimationFrame: frame } = globalThis;
globalThis.requestAnimationFrame = (draw) => (
  spy.hidden ? held.push(draw) : setTimeout(() => frame(draw), PAUSE));
globalThis.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    spy.begun += 1;
    spy.live += 1;
    this.addEventListener('message', ({ data }) => {
      if (data === '{"type":"done"}') spy.done.push(performance.now());
    });
  }

  terminate() {
    spy.live -= 1;
    super.terminate();
  }
};
const devices = globalThis.MediaDevices?.prototype;
if (devices) {
  const open = devices.getUserMedia;
  devices.getUserMedia = function (wanted) {
    spy.asked.push(wanted);
    return open.call(this, wanted).then((stream) => (spy.stream = stream));
  };
}
