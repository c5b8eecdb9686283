// Runs in the page before its own code: notes when pictures are done, which workers live, what the camera was asked.
// Changes nothing of what it sees.
globalThis.spy = { done: [], live: 0, asked: [] };
globalThis.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
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
