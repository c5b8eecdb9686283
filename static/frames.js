// @ts-check
// Owns the worker's frames: takes them from the page or from a camera's stream, one at a time, for Python.
// Does not draw and does not open a camera.

/** @import { FrameReady, Stream } from '../types/messages' */
/** @import { Pixels } from './pixels.js' */

const BEAT = 500; // ms between two signs of life; far below the page's limit
const PROMPT = 3; // frames of a stream that are reported each: the page waits for the first ones

/**
 * What Python does with a frame; gives what to wait for, if it is not finished.
 * @typedef {(frame: FrameReady) => (PromiseLike<unknown> & { destroy?: () => void }) | null | undefined} Take
 */

export class Frames {
  /**
   * @param {{ take?: Take, pixels: Pixels | null }} page
   * @param {() => void} report that the worker is alive
   */
  constructor(page, report) {
    this.page = page;
    this.report = report;
    /** @type {ReadableStreamDefaultReader<VideoFrame> | null} */
    this.reader = null;
    /** @type {VideoFrame | null} */
    this.waiting = null;
    this.skipped = 0;
    this.working = false;
    this.first = false;
    this.finished = 0;
    this.seen = -1;
    this.prompt = 0;
  }

  /** Whether a stream is followed: its frames are then reported by `beat`. */
  get streams() {
    return this.reader !== null;
  }

  /**
   * Have Python process a frame. Its planes are copied before, where there is something to copy.
   * @param {FrameReady} frame
   */
  async give(frame) {
    await this.page.pixels?.take(frame.picture).catch(() => false);
    const work = this.page.take?.(frame);
    if (!work) return;
    await work.then(null, () => {}); // Python has dealt with what failed
    work.destroy?.();
  }

  /**
   * Follow a camera's stream from now on; null: none. Of its frames the newest is taken, and one is in work.
   * @param {Omit<Stream, 'type'>} stream
   */
  async follow({ readable, first_of_source }) {
    this.reader?.cancel().catch(() => {});
    this.drop();
    const reader = this.reader = readable?.getReader() ?? null;
    clearInterval(this.timer);
    if (!reader) return;
    [this.first, this.prompt, this.skipped] = [first_of_source, PROMPT, 0];
    this.timer = setInterval(() => this.beat(), BEAT);
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (reader !== this.reader) {
        value.close();
        return;
      }
      if (this.waiting) this.skipped += 1;
      this.drop();
      this.waiting = value;
      if (!this.working) this.work();
    }
  }

  /** Process the waiting frame, and those that come meanwhile. */
  async work() {
    this.working = true;
    try {
      while (this.waiting) {
        const { waiting: picture, first, skipped } = this;
        [this.waiting, this.first, this.skipped] = [null, false, 0];
        const time = picture.timestamp / 1000;
        await this.give({ type: 'frame', picture, time, is_photo: false, first_of_source: first, skipped });
        this.finished += 1;
        if (this.prompt > 0) {
          this.prompt -= 1;
          this.report();
        }
      }
    } finally {
      this.working = false;
    }
  }

  /** Say that the worker is alive, unless it is at the same frame as the last time. */
  beat() {
    if (this.working && this.seen === this.finished) return;
    this.seen = this.finished;
    this.report();
  }

  drop() {
    this.waiting?.close();
    this.waiting = null;
  }
}
