// The visitor's video in static/backdrop.js, with fake workers: how often it is sampled, for whom, how large.
// Does not decode a video: tests/page does.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import * as supervisor from '../../static/workers.js';
import { FakeSource, FakeVideo, FakeWorker, document, page, settled } from './fakes.mjs';

const RATE = 15;
const BOX = { type: 'backdrop-video', rate: RATE, width: 640, height: 480 };
const OFF = { ...BOX, rate: 0 };
const PERIOD = Math.ceil(1000 / RATE); // the fake clock has whole milliseconds

let backdrop; // a fresh copy of the module, for it holds state
let copies = 0;
let source;
let worker;
let reported;
let bitmaps; // all that were made
let revoked; // object URLs
let making; // called before a bitmap is there

globalThis.createImageBitmap = async (video, { resizeWidth: width, resizeHeight: height }) => {
  const bitmap = { width, height, closed: false, close() { bitmap.closed = true; } };
  bitmaps.push(bitmap);
  await making();
  return bitmap;
};
URL.createObjectURL = (file) => `blob:${file.name}`;
URL.revokeObjectURL = (url) => { revoked.push(url); };

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  page.reset();
  [reported, bitmaps, revoked] = [[], [], []];
  making = () => {};
  supervisor.join({
    start: () => ({ manifest: '{}', backdrop: null, pictures: [] }), hear: {}, swapped() {}, lost() {},
  });
  supervisor.begin({ query: '' });
  worker = FakeWorker.all.at(-1);
  source = new FakeSource();
  supervisor.feed(source);
  await shows(worker);
  copies += 1;
  backdrop = await import(`../../static/backdrop.js?copy=${copies}`);
});

afterEach(() => mock.timers.reset());

/** Bring a worker on screen with its first picture. */
async function shows(started) {
  started.says({ type: 'ready' });
  await source.gives('picture');
  started.says({ type: 'done' });
}

/** Choose a video file, which can be played unless `fields` say otherwise. */
async function choose(name, fields = {}) {
  FakeVideo.next = { videoWidth: 320, videoHeight: 240, ...fields };
  await backdrop.choose({ name }, (why) => { reported.push(why); });
  await settled();
}

const samples = (to = worker) => to.messages.filter(({ type }) => type === 'backdrop-frame');

/** Let time pass; workers that are `quick` handle each picture at once. */
async function after(ms, ...quick) {
  for (let passed = 0; passed < ms; passed += 1) {
    mock.timers.tick(1);
    await settled();
    for (const each of quick) {
      for (const { number } of samples(each)) each.says({ type: 'handled', number });
    }
    await settled();
  }
}

test('a video is sampled as often as Python says, and no more often', async () => {
  backdrop.follow(BOX);
  await choose('a.webm');
  for (const value of [1, 2, 3]) { // a setting changes: the message comes again
    backdrop.follow({ ...BOX, value });
    await after(100, worker);
  }
  await after(700, worker);
  const { length } = samples();
  assert.ok(length <= RATE && length >= RATE - 2, `${length} in a second`);
  const pictures = samples().map(({ picture }) => picture);
  assert.deepEqual(worker.moved.filter((each) => bitmaps.includes(each)), pictures);
  assert.ok(pictures.every(({ closed }) => !closed), 'they are the worker\'s');
});

test('the next picture comes after the last was handled', async () => {
  backdrop.follow(BOX);
  await choose('a.webm');
  await after(500);
  assert.equal(samples().length, 1);
  worker.handles({ type: 'backdrop-frame' });
  await after(PERIOD);
  assert.equal(samples().length, 2);
});

test('nothing is sampled or played while the tab is hidden', async () => {
  backdrop.follow(BOX);
  await choose('a.webm');
  await after(100, worker);
  const { length } = samples();
  document.hidden = true;
  await after(500, worker);
  assert.ok(samples().length <= length && FakeVideo.last.paused);
  document.hidden = false;
  await after(200, worker);
  assert.ok(samples().length > length && !FakeVideo.last.paused);
});

test('nothing is sampled or played while another background is shown', async () => {
  backdrop.follow(OFF);
  await choose('a.webm');
  assert.ok(FakeVideo.last.paused);
  backdrop.follow(BOX);
  await after(200, worker);
  const { length } = samples();
  assert.ok(length > 0 && !FakeVideo.last.paused);
  backdrop.follow(OFF);
  await after(500, worker);
  assert.equal(samples().length, length);
  assert.ok(FakeVideo.last.paused);
});

test('nothing is sampled before a file is chosen', async () => {
  backdrop.follow(BOX);
  await after(200, worker);
  assert.deepEqual(bitmaps, []);
});

test('a picture that is made when the background has changed is closed', async () => {
  let finish;
  making = () => new Promise((resolve) => { finish = resolve; });
  backdrop.follow(BOX);
  await choose('a.webm');
  backdrop.follow(OFF);
  finish();
  await settled();
  assert.deepEqual(samples(), []);
  assert.deepEqual(bitmaps.map(({ closed }) => closed), [true]);
});

for (const [[videoWidth, videoHeight], [width, height]] of [
  [[1280, 720], [853, 480]], // fills 640 x 480
  [[720, 1280], [640, 1138]],
  [[320, 240], [320, 240]], // not made larger
]) {
  test(`a picture of ${videoWidth} x ${videoHeight} is sampled at ${width} x ${height}`, async () => {
    backdrop.follow(BOX);
    await choose('a.webm', { videoWidth, videoHeight });
    const [{ picture }] = samples();
    assert.deepEqual([picture.width, picture.height], [width, height]);
  });
}

test('a file that cannot be played is reported, and the video before it goes on', async () => {
  backdrop.follow(BOX);
  await choose('a.webm');
  await choose('b.txt', { fails: true });
  await choose('sound.webm', { videoWidth: 0, videoHeight: 0 });
  assert.deepEqual(reported, ['decode', 'decode']);
  assert.deepEqual(revoked, ['blob:b.txt', 'blob:sound.webm']);
  await after(300, worker);
  assert.ok(samples().length > 2);
});

test('of two files chosen one after the other the second is shown, whichever opens first', async () => {
  backdrop.follow(BOX);
  let open;
  const late = choose('late.webm', { opens: new Promise((resolve) => { open = resolve; }) });
  const first = FakeVideo.last;
  await choose('now.webm');
  open();
  await late;
  assert.deepEqual(revoked, ['blob:late.webm']);
  assert.ok(first.paused && !FakeVideo.last.paused);
  await choose('third.webm');
  assert.deepEqual(revoked, ['blob:late.webm', 'blob:now.webm']);
});

test('a worker that starts is given one picture, and more when it can draw', async () => {
  backdrop.follow(BOX);
  await choose('a.webm');
  worker.says({ type: 'begin', handover: { query: '' }, failed: false });
  const other = FakeWorker.all.at(-1);
  await after(500, worker, other);
  assert.equal(samples(other).length, 1);
  assert.ok(samples().length > 5);
  await source.gives('one that waits');
  await shows(other);
  assert.ok(worker.terminated);
  const before = samples().length;
  await after(500, other);
  assert.ok(samples(other).length > 5);
  assert.equal(samples().length, before);
});

test('a picture that a worker has not handled is not sent to the one that follows', async () => {
  backdrop.follow(BOX);
  await choose('a.webm');
  const [{ picture }] = samples();
  worker.says({ type: 'begin', handover: { query: '' }, failed: true });
  const other = FakeWorker.all.at(-1);
  assert.equal(samples(other).length, 0, 'it was moved to the other one');
  await shows(other);
  await after(200, other);
  assert.ok(samples(other).length > 0 && samples(other).every((each) => each.picture !== picture));
});
