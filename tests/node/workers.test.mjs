// The supervisor, static/workers.js, with fake workers: the frame in flight, a worker that hangs or fails, a
// trial that is declined, a hidden tab.
// Does not start Python or a browser: tests/page does.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { FakeSource, FakeWorker, document, hide, page, settled } from './fakes.mjs';

const LIMIT = 5000;
const LAST = 'Nothing is left.';
const PLAN = { type: 'plan', limit: LIMIT, show: false, color: '#123456', image: '', text: LAST };
const SUCCESSOR = { query: 'backend=wasm' };
const WHY = { webgpu: 'it stopped answering' };
const HUNG = { type: 'successor-failed', trials: ['wasm'], failed: WHY, text: '' };
const SET = { type: 'set', name: 'blur', value: 50 };

let supervisor; // a fresh copy of the module, for it holds state
let copies = 0;
let swapped; // the workers that came on screen
let lost; // the sentences that no worker was left

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  page.reset();
  [swapped, lost] = [[], []];
  copies += 1;
  supervisor = await import(`../../static/workers.js?copy=${copies}`);
  supervisor.join({
    start: () => ({ manifest: '{}', backdrop: null, pictures: [] }),
    hear: {},
    swapped: ({ worker }) => swapped.push(worker),
    lost: (text) => lost.push(text),
  });
});

afterEach(() => mock.timers.reset());

/** The worker that was started last. */
const newest = () => FakeWorker.all.at(-1);

/** Have a worker say what each says before its first picture. */
function starts(worker, plan) {
  worker.says({ ...PLAN, handover: SUCCESSOR, decline: null, ...plan });
}

/** The first worker, with its first picture on screen; its source is asked for the next one. */
async function running(plan, source = new FakeSource()) {
  supervisor.begin({ query: '' });
  const worker = newest();
  starts(worker, plan);
  supervisor.feed(source);
  worker.says({ type: 'ready' });
  await source.gives('first');
  worker.says({ type: 'done' });
  return { worker, source };
}

/** A trial beside a running worker, up to its first picture. */
async function trial() {
  const { worker, source } = await running();
  worker.says({ type: 'begin', handover: { query: '', target_ms: 9 }, failed: false });
  const other = newest();
  starts(other, { handover: null, decline: HUNG });
  return { worker, other, source };
}

// ---- the frame in flight ----

test('one frame is in flight, one waits, and no third is taken', async () => {
  const { worker, source } = await running();
  await source.gives('second');
  const third = await source.gives('third');
  assert.deepEqual(worker.frames, ['first', 'second']);
  worker.says({ type: 'redraw' });
  assert.equal(source.asked.length, 0);
  worker.says({ type: 'done' });
  assert.deepEqual(worker.frames, ['first', 'second', 'third']);
  assert.equal(source.asked.length, 1, 'the source is asked for the one after it');
  assert.equal(third.closed, false, 'the worker has it now');
});

test('the picture that waits is closed when another source takes over', async () => {
  const { worker, source } = await running();
  await source.gives('second');
  const waiting = await source.gives('third');
  const other = new FakeSource();
  supervisor.feed(other);
  assert.ok(source.stopped && waiting.closed);
  await other.gives('of another source');
  worker.says({ type: 'done' });
  await other.gives('its second');
  worker.says({ type: 'done' });
  const last = worker.messages.slice(-2);
  const frames = last.map(({ picture, first_of_source: first }) => [picture.name, first]);
  assert.deepEqual(frames, [['of another source', true], ['its second', false]]);
});

test('a picture that comes after its source was replaced is closed', async () => {
  const { worker, source } = await running();
  supervisor.feed(new FakeSource());
  const late = await source.gives('late');
  assert.ok(late.closed);
  assert.deepEqual(worker.frames, ['first']);
});

test('without a source the camera is off and nothing is asked for', async () => {
  const { source } = await running();
  supervisor.feed(null);
  assert.ok(source.stopped);
  assert.equal(supervisor.source, null);
});

test('a source that fails once is asked again', async () => {
  const { worker, source } = await running();
  await source.fails();
  await source.gives('second');
  assert.deepEqual(worker.frames, ['first', 'second']);
});

test('a photo gives a picture only when one is due', async () => {
  const photo = new FakeSource({ still: true });
  const { worker } = await running({}, photo);
  await photo.gives('settles'); // after a worker comes on screen
  worker.says({ type: 'done' });
  assert.equal(photo.asked.length, 0);
  worker.says({ type: 'redraw' });
  await photo.gives('again');
  assert.deepEqual(worker.frames, ['first', 'settles', 'again']);
});

// ---- a worker takes over ----

test('a worker comes on screen with its first picture, and the one before it ends', async () => {
  const { worker, other, source } = await trial();
  other.says({ type: 'ready' });
  assert.deepEqual(swapped, [worker]);
  const waiting = await source.gives('second of the first');
  await source.gives('first of the second');
  assert.equal(worker.terminated, false);
  other.says({ type: 'done' });
  assert.ok(worker.terminated && !other.terminated && !waiting.closed);
  assert.deepEqual(swapped, [worker, other]);
  assert.equal(supervisor.current.worker, other);
  assert.equal(page.show.children.length, 2, 'what was on screen stays beneath it');
  other.says({ type: 'done' });
  assert.deepEqual(page.show.children, [supervisor.current.canvas]);
});

test('what the first worker has in waiting is closed when it ends', async () => {
  const { other, source } = await trial();
  await source.gives('in flight');
  const waiting = await source.gives('waiting');
  other.says({ type: 'ready' });
  await source.gives('of the other');
  other.says({ type: 'done' });
  assert.ok(waiting.closed);
});

test('of two workers begun one after the other the first ends', async () => {
  const { worker, other } = await trial();
  worker.says({ type: 'begin', handover: { query: '' }, failed: false });
  assert.ok(other.terminated && !newest().terminated && !worker.terminated);
});

// ---- messages ----

test('a message goes to a worker that starts: static/worker.js holds it until Python listens', async () => {
  supervisor.begin({ query: '' });
  supervisor.tell(SET);
  assert.deepEqual(newest().told, [SET]);
});

test('who sends to the worker on screen learns that it was handled', async () => {
  const { worker } = await running();
  const handled = supervisor.tellCurrent({ type: 'save' });
  worker.handles({ type: 'save' });
  assert.equal(await handled, true);
});

test('what the worker on screen has not handled goes to the one that takes its place, once', async () => {
  const { worker, other, source } = await trial();
  const added = supervisor.tellCurrent({ type: 'add-picture', name: 'Ada' });
  supervisor.tell(SET);
  other.says({ type: 'ready' });
  await source.gives('second of the first');
  await source.gives('first of the second');
  other.says({ type: 'done' });
  assert.ok(worker.terminated);
  assert.deepEqual(other.told, [SET, { type: 'add-picture', name: 'Ada' }]);
  other.handles({ type: 'add-picture' });
  assert.equal(await added, true);
});

test('a worker that is begun for a setting hears what came while it was begun', async () => {
  const { worker } = await running();
  supervisor.tell(SET);
  worker.says({ type: 'begin', handover: SUCCESSOR, failed: false });
  assert.deepEqual(newest().told, [SET]);
});

test('a worker that comes on screen is told so', async () => {
  const { worker } = await running();
  assert.equal(worker.messages.filter(({ type }) => type === 'shown').length, 1);
});

test('a setting goes to both workers, a wish for the picture to the one on screen', async () => {
  const { worker, other } = await trial();
  supervisor.tell(SET);
  supervisor.tellCurrent({ type: 'save' });
  assert.deepEqual(other.told, [SET]);
  assert.deepEqual(worker.told, [SET, { type: 'save' }]);
});

// ---- a worker that hangs ----

test('a worker that hangs is covered, and its successor is told what it has not handled', async () => {
  const { worker, source } = await running();
  const heard = { ...SET, value: 1 };
  supervisor.tell(heard);
  worker.handles(heard);
  supervisor.tell(SET);
  supervisor.tell({ type: 'successor-failed', text: 'of another worker' });
  await source.gives('second');
  mock.timers.tick(LIMIT - 1);
  assert.equal(newest(), worker);
  mock.timers.tick(1);
  const successor = newest();
  assert.notEqual(successor, worker);
  assert.deepEqual(successor.messages[0].handover, SUCCESSOR);
  assert.deepEqual(page.show.children, []);
  assert.equal(page.show.style.backgroundColor, PLAN.color);
  starts(successor);
  assert.deepEqual(successor.told, [SET]);
  successor.says({ type: 'ready' });
  await source.gives('waiting for the first');
  await source.gives('of the successor');
  successor.says({ type: 'done' });
  assert.ok(worker.terminated);
  assert.deepEqual(swapped, [worker, successor]);
});

test('a worker that wakes after its successor was begun is not listened to', async () => {
  const { worker, source } = await running();
  await source.gives('second');
  mock.timers.tick(LIMIT);
  worker.says({ type: 'done' });
  await source.gives('third');
  mock.timers.tick(LIMIT);
  assert.equal(FakeWorker.all.length, 2, 'it is not replaced once more');
  supervisor.tellCurrent({ type: 'save' });
  assert.deepEqual(worker.told, []);
});

for (const place of ['coming', 'waiting', 'in flight']) {
  test(`a successor has a first picture of a source where that was ${place}`, async () => {
    const { worker, source } = await running();
    await source.gives('second');
    const camera = new FakeSource();
    supervisor.feed(camera);
    if (place !== 'coming') await camera.gives('first of the camera');
    if (place === 'in flight') worker.says({ type: 'done' });
    mock.timers.tick(LIMIT);
    const successor = newest();
    starts(successor);
    successor.says({ type: 'ready' });
    for (let i = 0; i < 2 && camera.asked.length; i += 1) await camera.gives('any');
    assert.equal(successor.messages.find(({ type }) => type === 'frame').first_of_source, true);
  });
}

for (const unheard of [false, true]) {
  test(`the source is ${unheard ? 'hidden' : 'shown'} where the plan shows it and a setting is ${
    unheard ? 'not ' : ''}handled`, async () => {
    const { worker, source } = await running({ show: true });
    worker.handles({ type: 'shown' });
    supervisor.tell(SET);
    if (!unheard) worker.handles(SET);
    await source.gives('second');
    mock.timers.tick(LIMIT);
    assert.deepEqual(page.show.children, unheard ? [] : [source.shown]);
  });
}

test('a beat gives a worker its time again, a picture that is done ends it', async () => {
  const { worker, source } = await running();
  await source.gives('second');
  mock.timers.tick(LIMIT - 1);
  worker.says({ type: 'progress' });
  mock.timers.tick(LIMIT - 1);
  worker.says({ type: 'done' });
  mock.timers.tick(10 * LIMIT);
  assert.deepEqual(FakeWorker.all, [worker]);
});

test('a file that comes gives a starting worker its time again', async () => {
  supervisor.begin({ query: '' });
  const worker = newest();
  starts(worker);
  mock.timers.tick(LIMIT - 1);
  worker.says({ type: 'log', label: 'Model', have: 1, total: 2 });
  mock.timers.tick(LIMIT - 1);
  assert.deepEqual(FakeWorker.all, [worker]);
  mock.timers.tick(1);
  assert.equal(FakeWorker.all.length, 2);
});

test('a worker that is ready may wait for its first picture as long as it takes', async () => {
  supervisor.begin({ query: '' });
  starts(newest());
  newest().says({ type: 'ready' });
  mock.timers.tick(10 * LIMIT);
  assert.equal(FakeWorker.all.length, 1);
});

test('where nothing can follow, the last sentence is said', async () => {
  const { worker, source } = await running({ handover: null });
  await source.gives('second');
  mock.timers.tick(LIMIT);
  assert.ok(worker.terminated);
  assert.deepEqual(lost, [LAST]);
  assert.equal(supervisor.alive(supervisor.current), false);
});

// ---- a hidden tab ----

test('a hidden tab goes on when it is seen again', async () => {
  const { worker, source } = await running();
  await source.gives('second');
  document.hidden = true;
  for (let i = 0; i < 5; i += 1) mock.timers.tick(LIMIT);
  assert.deepEqual(FakeWorker.all, [worker]);
  document.hidden = false;
  worker.says({ type: 'done' });
  await source.gives('third');
  assert.deepEqual(worker.frames, ['first', 'second', 'third']);
});

test('a worker that hangs in a hidden tab is replaced once the tab is seen for its time', async () => {
  const { worker, source } = await running();
  await source.gives('second');
  document.hidden = true;
  mock.timers.tick(LIMIT);
  document.hidden = false;
  mock.timers.tick(LIMIT - 1);
  assert.deepEqual(FakeWorker.all, [worker]);
  mock.timers.tick(1);
  assert.equal(FakeWorker.all.length, 2);
});

// ---- a trial ----

test('a trial that is declined ends, and the worker on screen goes on', async () => {
  const { worker, other, source } = await trial();
  other.says({ type: 'declined', outcome: { ...HUNG, trials: ['webgl'] } });
  assert.ok(other.terminated && !worker.terminated);
  assert.deepEqual(worker.told, [{ ...HUNG, trials: ['webgl'] }]);
  assert.equal(supervisor.next, null);
  await source.gives('second');
  assert.deepEqual(worker.frames, ['first', 'second']);
  assert.deepEqual(swapped, [worker]);
});

test('a trial that hangs ends with what its plan tells the worker on screen', async () => {
  const { worker, other } = await trial();
  mock.timers.tick(LIMIT);
  assert.ok(other.terminated && !worker.terminated);
  assert.deepEqual(worker.told, [HUNG]);
  assert.equal(page.show.style.backgroundColor, undefined, 'the picture is not covered');
});

// ---- a worker that fails ----

test('a worker whose script does not load is lost with the text of the page', async () => {
  supervisor.begin({ query: '' });
  newest().onerror({});
  assert.deepEqual(lost, ['It did not start (no script).']);
});

test('a worker that does not start beside another leaves that on screen, which is told so', async () => {
  const { worker, other } = await trial();
  other.onerror({ message: 'syntax error' });
  assert.ok(other.terminated && !worker.terminated);
  assert.deepEqual(worker.told, [{ type: 'successor-failed', text: 'It did not start (syntax error).' }]);
  assert.deepEqual(lost, []);
});

test('an error of a worker that runs does not end it', async () => {
  const { worker } = await running();
  worker.onerror({ message: 'a promise was rejected' });
  assert.ok(!worker.terminated);
  assert.deepEqual(lost, []);
});

test('a worker that fails begins its successor and is not talked to any more', async () => {
  const { worker, source } = await running();
  await source.gives('second');
  supervisor.tell(SET);
  worker.says({ type: 'begin', handover: SUCCESSOR, failed: true });
  mock.timers.tick(10 * LIMIT);
  assert.equal(FakeWorker.all.length, 2, 'its own time limit is over');
  supervisor.tellCurrent({ type: 'save' });
  assert.deepEqual(worker.told, [SET]);
  starts(newest());
  assert.deepEqual(newest().told, [SET]);
});

test('a worker that has ended begins no other', async () => {
  const { other } = await trial();
  other.says({ type: 'declined', outcome: HUNG });
  other.says({ type: 'begin', handover: SUCCESSOR, failed: false });
  assert.equal(newest(), other);
});

// ---- a camera whose frames the worker reads itself ----

/** A source with a stream; keeps those that were taken. */
class FakeCamera extends FakeSource {
  streams = [];

  stream() {
    this.streams.push({ name: `stream ${this.streams.length}` });
    return this.streams.at(-1);
  }
}

const streamed = ({ messages }) => messages.filter(({ type }) => type === 'stream');

async function streaming() {
  const source = new FakeCamera();
  supervisor.begin({ query: '' });
  const worker = newest();
  starts(worker);
  supervisor.feed(source);
  worker.says({ type: 'ready' });
  await settled();
  return { worker, source };
}

test('a camera is read by the worker itself, and the page takes no picture', async () => {
  const { worker, source } = await streaming();
  assert.deepEqual(streamed(worker).map(({ readable }) => readable), source.streams);
  assert.equal(streamed(worker)[0].first_of_source, true);
  worker.says({ type: 'done' });
  worker.says({ type: 'done' });
  assert.deepEqual(swapped, [worker]);
  assert.equal(source.streams.length, 1);
  assert.deepEqual(worker.frames, []);
});

test('a worker that says nothing while it reads a camera is covered, and another one reads it', async () => {
  const { worker, source } = await streaming();
  worker.says({ type: 'done' });
  mock.timers.tick(LIMIT - 1);
  worker.says({ type: 'done' });
  mock.timers.tick(LIMIT - 1);
  assert.equal(FakeWorker.all.length, 1);
  worker.says({ ...PLAN, handover: SUCCESSOR, decline: null });
  mock.timers.tick(LIMIT);
  assert.equal(FakeWorker.all.length, 2);
  newest().says({ type: 'ready' });
  await settled();
  assert.equal(source.streams.length, 2);
});

test('in a hidden tab nothing is read, and it goes on when it is seen again', async () => {
  const { worker, source } = await streaming();
  worker.says({ type: 'done' });
  await hide(true);
  assert.equal(streamed(worker).at(-1).readable, null);
  mock.timers.tick(10 * LIMIT);
  assert.equal(FakeWorker.all.length, 1, 'it does not hang');
  await hide(false);
  assert.equal(streamed(worker).at(-1).readable, source.streams[1]);
});

test('another source ends the stream', async () => {
  const { worker } = await streaming();
  worker.says({ type: 'done' });
  const next = new FakeSource();
  supervisor.feed(next);
  assert.equal(streamed(worker).at(-1).readable, null);
  await next.gives('first');
  assert.deepEqual(worker.frames, ['first']);
});
