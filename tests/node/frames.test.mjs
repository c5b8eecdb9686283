// The worker's frames in static/frames.js: the newest of a stream, one at a time, and the signs of life.
// Does not start Python or a camera.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { Frames } from '../../static/frames.js';
import { settled } from './fakes.mjs';

let frames;
let taken; // the frames that Python was given
let works; // what ends the work at each, where it takes long
let slow;
let reports;
let closed;
let copied;

beforeEach(() => {
  mock.timers.enable({ apis: ['setInterval'] });
  [taken, works, closed, copied] = [[], [], [], []];
  [reports, slow] = [0, false];
  const take = (frame) => {
    taken.push(frame);
    return slow ? new Promise((end, fail) => { works.push({ end, fail }); }) : undefined;
  };
  const pixels = { take: async (picture) => { copied.push(picture.name); return true; } };
  frames = new Frames({ take, pixels }, () => { reports += 1; });
});

afterEach(() => {
  frames.follow({ readable: null, first_of_source: false });
  mock.timers.reset();
});

const picture = (name) => ({ name, timestamp: 1000 * name, close: () => closed.push(name) });
const names = () => taken.map((frame) => frame.picture.name);

/** A stream to which pictures are given by hand. */
function camera() {
  let give;
  const readable = new ReadableStream({ start(controller) { give = controller; } });
  return { readable, async gives(name) { give.enqueue(picture(name)); await settled(); } };
}

test('each frame of a stream is copied, then given to Python with its time', async () => {
  const { readable, gives } = camera();
  frames.follow({ readable, first_of_source: true });
  await gives(1);
  await gives(2);
  assert.deepEqual(names(), [1, 2]);
  assert.deepEqual(copied, [1, 2]);
  assert.deepEqual(taken.map(({ first_of_source: first, time }) => [first, time]), [[true, 1], [false, 2]]);
});

test('while a frame is in work the newest waits, and those before it are closed and counted', async () => {
  const { readable, gives } = camera();
  frames.follow({ readable, first_of_source: false });
  slow = true;
  for (const name of [1, 2, 3, 4]) await gives(name);
  assert.deepEqual(names(), [1]);
  assert.deepEqual(closed, [2, 3]);
  works[0].end();
  await settled();
  assert.deepEqual(names(), [1, 4]);
  assert.equal(taken[1].skipped, 2);
});

test('the first frames of a stream are reported each, later ones twice a second', async () => {
  const { readable, gives } = camera();
  frames.follow({ readable, first_of_source: false });
  for (let name = 1; name < 10; name += 1) await gives(name);
  assert.equal(reports, 3);
  mock.timers.tick(500);
  assert.equal(reports, 4);
});

test('a worker whose camera gives nothing is alive, one that is stuck at a frame is not', async () => {
  const { readable, gives } = camera();
  frames.follow({ readable, first_of_source: false });
  mock.timers.tick(1500);
  assert.equal(reports, 3);
  slow = true;
  await gives(1);
  mock.timers.tick(500);
  const before = reports;
  mock.timers.tick(5000);
  assert.equal(reports, before);
});

test('a frame that fails does not end the stream', async () => {
  const { readable, gives } = camera();
  frames.follow({ readable, first_of_source: false });
  slow = true;
  await gives(1);
  works[0].fail(new Error('broken'));
  await settled();
  await gives(2);
  assert.deepEqual(names(), [1, 2]);
});

test('after another stream, or none, nothing of the first is taken', async () => {
  const first = camera();
  frames.follow({ readable: first.readable, first_of_source: false });
  frames.follow({ readable: null, first_of_source: false });
  assert.equal(frames.streams, false);
  await assert.rejects(first.gives(1));
  assert.deepEqual(names(), []);
});
