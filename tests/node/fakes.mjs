// What static/workers.js and static/backdrop.js meet in a page: a document, workers, a source and a video,
// none of them real.
// Does not imitate more of a browser than those modules use.

class FakeElement {
  dataset = {};
  style = {};
  children = [];
  parentNode = null;

  append(...children) {
    for (const child of children) {
      child.remove();
      child.parentNode = this;
      this.children.push(child);
    }
  }

  replaceChildren(...children) {
    for (const child of this.children) child.parentNode = null;
    this.children = [];
    this.append(...children);
  }

  remove() {
    if (this.parentNode) this.parentNode.children = this.parentNode.children.filter((each) => each !== this);
    this.parentNode = null;
  }

  removeAttribute(name) {
    if (name === 'style') this.style = {};
  }

  transferControlToOffscreen() {
    return { offscreen: this };
  }
}

/** A video that opens, or fails, as `FakeVideo.next` says. */
export class FakeVideo extends FakeElement {
  static next = {};
  static last = null;
  paused = true;

  constructor() {
    super();
    Object.assign(this, FakeVideo.next);
    FakeVideo.last = this;
  }

  async play() {
    await this.opens;
    if (this.fails) throw new Error('no video');
    this.paused = false;
  }

  pause() {
    this.paused = true;
  }
}

/** The document: `boot` has the texts of a failed start, `show` is where the picture is. */
export const page = {
  reset() {
    page.show = new FakeElement();
    page.boot = new FakeElement();
    page.boot.dataset = { failed: 'It did not start ({why}).', script: 'no script' };
    FakeWorker.all = [];
    document.hidden = false;
  },
};

/** What the modules listen to, by type of event. */
const listeners = {};

/** Hide the page, or show it again. */
export async function hide(hidden) {
  document.hidden = hidden;
  for (const listener of listeners.visibilitychange ?? []) listener();
  await settled();
}

export const document = globalThis.document = {
  hidden: false,
  addEventListener(type, listener) { listeners[type] = [...(listeners[type] ?? []), listener]; },
  getElementById: (id) => page[id],
  createElement: (tag) => (tag === 'video' ? new FakeVideo() : new FakeElement()),
};

/** A worker that keeps what it is sent. */
export class FakeWorker {
  static all = [];
  terminated = false;
  messages = [];
  moved = [];

  constructor() {
    FakeWorker.all.push(this);
  }

  postMessage(message, moved = []) {
    this.messages.push(message);
    this.moved.push(...moved);
  }

  terminate() {
    this.terminated = true;
  }

  /** Have it send a message. */
  says(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  /** The pictures it was sent, by name. */
  get frames() {
    return this.messages.filter(({ type }) => type === 'frame').map(({ picture }) => picture.name);
  }

  /** The messages it was sent, without frames, the start, and that it is on screen. */
  get told() {
    const told = this.messages.filter(({ type }) => !['frame', 'start', 'shown'].includes(type));
    return told.map(({ number, ...message }) => { // eslint-disable-line no-unused-vars
      return message;
    });
  }

  /** Have it say that it has handled the last message like this one. */
  handles(like) {
    const wanted = Object.entries(like);
    const found = this.messages.filter((message) => wanted.every(([name, value]) => message[name] === value));
    this.says({ type: 'handled', number: found.at(-1).number });
  }
}

globalThis.Worker = FakeWorker;

/** A source that gives a picture to the longest waiting of those who asked, when it is told to. */
export class FakeSource {
  shown = new FakeElement();
  asked = [];
  stopped = false;

  constructor({ still = false } = {}) {
    this.still = still;
  }

  element() {
    return this.shown;
  }

  next() {
    return new Promise((resolve, reject) => { this.asked.push({ resolve, reject }); });
  }

  stop() {
    this.stopped = true;
  }

  /** Give a picture; gives it back, to see whether it is closed. */
  async gives(name) {
    const picture = { name, closed: false, close() { picture.closed = true; } };
    this.asked.shift().resolve({ picture, time: 0, skipped: 0 });
    await settled();
    return picture;
  }

  async fails() {
    this.asked.shift().reject(new Error('no picture'));
    await settled();
  }
}

/** Wait until everything that waits for a promise has gone on. */
export const settled = () => new Promise((resolve) => { setImmediate(resolve); });
