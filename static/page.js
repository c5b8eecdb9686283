// The page's JavaScript: opens the source, hands pictures to the worker, swaps workers when Python says so. Decides nothing.

import { drawAnswers, prepare } from './answers.js';
import * as own from './own.js';
import { by, drawHead, drawLog, drawNote, drawPanel, drawStats } from './panel.js';
import { share } from './share.js';
import { open, still } from './sources.js';

let shown = null; // the worker whose canvas is seen
let coming = null; // the worker that is being warmed
let source = null; // where pictures come from
let wanted = null; // the `source` message it was opened by
let file = null; // the visitor's photo or video
let backdrop = null; // the visitor's own
let latest = {}; // stats
let query = location.search; // the settings in use
let manifest = null; // what this build holds
let scene = null; // of it, the built-in scene
const early = []; // settings from before it was there
let tellReady;

// The page's door to the outside, there before anything is loaded.
globalThis.vitrine = { ready: new Promise((resolve) => { tellReady = resolve; }), stats: () => structuredClone(latest), set };

// ---- workers ----

// `late`: what the worker that leaves was told and has not heard.
function begin(start, late = []) {
  if (coming) end(coming);
  const worker = new Worker('worker.js', { type: 'module' });
  const canvas = document.createElement('canvas');
  const offscreen = canvas.transferControlToOffscreen();
  const show = { worker, canvas, ready: false, busy: false, held: null, due: false, fresh: false, from: null, queue: late.filter(({ type }) => type !== 'stay'), unheard: [], told: {} };
  coming = show;
  worker.onmessage = ({ data }) => {
    const message = typeof data === 'string' ? JSON.parse(data) : data;
    hear[message.type](show, message);
  };
  worker.onerror = ({ message }) => {
    if (!show.ready) hear.last(show, { text: `The page could not start: ${message || 'worker.js is missing'}` });
  };
  worker.postMessage({ type: 'start', start: JSON.stringify(start), manifest, canvas: offscreen, own: backdrop, kept: own.numbers() }, [offscreen]);
}

const alive = (show) => show && !show.ended && !show.failed;

function end(show) {
  if (show.ended) return;
  clearTimeout(show.timer);
  drop(show);
  show.worker.terminate();
  show.ended = true;
  if (coming === show) coming = null;
}

function tell(message) {
  for (const show of [shown, coming]) {
    if (show?.told.panel) say(show, message);
    else show?.queue.push(message);
  }
}

function say(show, message) {
  show.unheard.push(message);
  show.worker.postMessage(message);
}

// What only the worker that is seen has to do with.
function tellShown(message) {
  const show = shown ?? coming;
  if (show?.told.panel && alive(show)) say(show, message);
}

function watch(show) {
  clearTimeout(show.timer);
  show.timer = setTimeout(() => (document.hidden ? watch(show) : expired(show)), show.plan.limit);
}

function expired(show) {
  const { plan } = show;
  if (show === shown) cover({ ...plan, show: plan.show && !show.unheard.length });
  if (plan.stay) hear.stay(show, { type: 'stay', ...plan.stay });
  else if (plan.start) begin(plan.start, show.unheard);
  else hear.last(show, { text: plan.last });
}

// The room is never seen while nothing masks it: the last backdrop stands before it, unless "none" was chosen.
function cover(plan) {
  const style = by('show').style;
  style.backgroundColor = plan.colour;
  style.backgroundImage = plan.picture ? `url("${plan.picture}")` : 'none';
  by('show').replaceChildren(...(plan.show && source ? [source.element] : []));
}

// One picture at a time goes to a worker, the next is held for it meanwhile: then neither waits for the other.
// A moving source gives the next by itself, a still one when a drawing is due.
// A source that gave way, or a camera that was unplugged, may never answer: nothing waits for it.
async function pump(show) {
  if (!show.ready || show.held || !source || show.from === source || (source.still && !show.due)) return;
  const from = show.from = source;
  show.due = false;
  const next = await from.next().catch(() => null);
  if (show.from === from) show.from = null;
  if (show.ended || from !== source) return next?.picture.close();
  if (!next) return from.still || pump(show);
  show.held = { type: 'frame', still: from.still, fresh: show.fresh, ...next };
  show.fresh = false;
  hand(show);
}

function hand(show) {
  if (show.busy || !show.held) return;
  show.worker.postMessage(show.held, [show.held.picture]);
  [show.busy, show.held] = [true, null];
  watch(show);
  pump(show);
}

function drop(show) {
  show.held?.picture.close();
  show.held = null;
}

function drawAgain(show) {
  show.due = true;
  pump(show);
}

// What Python says, by type. `show` is the worker that says it.
const hear = {
  log: (show, message) => { if (!shown) drawLog(message); },
  note: (show, { text }) => drawNote(text),
  plan(show, plan) {
    show.plan = plan;
    if (!show.ready) watch(show);
  },
  panel(show, message) {
    show.told.panel = message;
    if (show === (shown ?? coming)) draw(message);
    for (const waiting of show.queue.splice(0)) say(show, waiting);
  },
  source(show, message) {
    show.told.source = message;
    if (show === (shown ?? coming)) openSource(message);
  },
  ready(show) {
    clearTimeout(show.timer);
    show.ready = true;
    drawAgain(show);
  },
  done(show) {
    clearTimeout(show.timer);
    show.busy = false;
    if (show === coming) swap(show);
    else settle(show);
    hand(show);
    pump(show);
  },
  again: drawAgain,
  stats(show, message) {
    if (show !== shown) return;
    latest = { ...message, memory: { ...message.memory, page: performance.memory?.usedJSHeapSize } };
    drawStats(latest);
  },
  begin(show, { start, failed }) {
    if (failed) clearTimeout(show.timer);
    show.failed = failed;
    if (!show.ended) begin(start, show.unheard);
  },
  heard: (show) => show.unheard.shift(),
  stay(show, message) {
    end(show);
    if (alive(shown)) say(shown, message);
  },
  last(show, { text }) {
    end(show);
    if (alive(shown) && shown !== show) return say(shown, { type: 'stay', text });
    by('boot').hidden = true;
    drawNote(text);
  },
  saved: (show, { blob }) => own.download(blob, 'vitrine.png'),
  answers(show, message) {
    if (show === (shown ?? coming)) drawAnswers(message);
    else show.told.answers = message;
  },
  share: (show, message) => share(show.canvas, message),
  ...own.hear,
};

function swap(show) {
  const old = shown;
  [shown, coming] = [show, null];
  by('show').append(show.canvas);
  drawAgain(show); // a still source gives the second picture only so
  by('boot').hidden = true;
  by('save').disabled = by('camera').disabled = false;
  if (old) end(old);
  draw(show.told.panel);
  if (show.told.answers) drawAnswers(show.told.answers);
  openSource(show.told.source);
  own.again();
  tellReady();
}

// A worker's first picture is done before it is on the screen: what stood there stays beneath it until the second.
function settle(show) {
  if (show !== shown || show.canvas.parentNode !== by('show')) return;
  by('show').replaceChildren(show.canvas);
  by('show').removeAttribute('style'); // the cover's
}

// ---- source ----

async function openSource(message, pressed = false) {
  const same = JSON.stringify({ ...wanted, ask: 0 }) === JSON.stringify({ ...message, ask: 0 });
  if (same && !pressed && (by('ask').hidden || message.ask.length)) return;
  const mine = wanted = { ...message }; // a copy: the same message may be opened again meanwhile
  ask(pressed || (message.source === 'file' && file) ? [] : message.ask, message.source);
  if (source?.live && message.source !== 'camera') { // the camera goes off at once
    source.stop();
    source = null;
  }
  if (!by('ask').hidden && source) return; // what is seen goes on until the visitor has answered
  const opening = by('ask').hidden ? message : { ...message, source: 'sample' };
  const trouble = (name, figures = {}) => tell({ type: 'trouble', kind: opening.source, name, ...figures });
  let opened;
  try {
    opened = await open(opening, { scene, file, trouble });
  } catch (error) {
    trouble(error.name || String(error));
  }
  if (!opened || wanted !== mine) return opened?.stop();
  source?.stop();
  source = opened;
  by('camera').textContent = by('camera').dataset[source.live ? 'off' : 'on'];
  if (opening.source === 'camera') nameCameras();
  for (const show of [shown, coming].filter(Boolean)) {
    drop(show);
    show.fresh = true;
    drawAgain(show);
  }
}

// Before a source is opened, the words that Python gives; no words, no question.
function ask(words, kind) {
  by('ask').hidden = !words.length;
  if (!words.length) return;
  [by('ask').firstElementChild.textContent, by('ask').lastElementChild.textContent] = words;
  by('ask').firstElementChild.onclick = () => (kind === 'camera' ? begun() : by('control-file')?.click());
}

function begun() {
  tell({ type: 'asked' });
  openSource(wanted, true);
}

async function nameCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter((d) => d.kind === 'videoinput' && d.deviceId).map((d, i) => [d.deviceId, d.label || `Camera ${i + 1}`]);
  tell({ type: 'cameras', cameras });
}

function take(chosen) {
  file = chosen;
  if (wanted?.source === 'file') openSource(wanted, true);
  else set('source', 'file');
}

// ---- panel ----

function draw(message) {
  drawPanel(message.controls, changed);
  drawHead(message);
  if (!shown) return;
  query = message.query;
  history.replaceState(null, '', `?${query}`);
}

async function changed(name, value, kind) {
  if (kind !== 'file') return set(name, value);
  if (!value) return;
  if (name === 'file') return take(value);
  const trouble = (problem, figures = {}) => tell({ type: 'trouble', kind: 'file', name: problem, ...figures });
  const picture = await still(value, wanted, trouble);
  if (!picture) return;
  backdrop?.close();
  backdrop = picture;
  tell({ type: 'own', picture });
}

function set(name, value) {
  if (source && by('show').contains(source.element)) source.element.remove(); // who changes a look may not want to be seen
  if (!manifest) early.push([name, value]);
  else if (alive(shown) || alive(coming)) tell({ type: 'set', name, value });
  else begin({ query: `${query}&${new URLSearchParams({ [name]: value })}` }); // of two values the last counts
}

by('camera').onclick = () => {
  if (source?.live) return set('source', 'sample');
  if (wanted?.source === 'camera') return begun();
  tell({ type: 'asked' });
  set('source', 'camera');
};
by('save').onclick = () => say(shown, { type: 'save' });
// Anywhere, for what misses the picture would replace the page; a file control takes its own.
addEventListener('dragover', (event) => { if (event.target.type !== 'file') event.preventDefault(); });
addEventListener('drop', (event) => {
  if (event.target.type === 'file') return;
  event.preventDefault();
  if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
});
addEventListener('paste', (event) => { if (event.clipboardData.files[0]) take(event.clipboardData.files[0]); });
addEventListener('submit', (event) => event.preventDefault());

try {
  const answer = await fetch('manifest.json');
  if (!answer.ok) throw new Error(`manifest.json: ${answer.status}`);
  manifest = await answer.text();
  scene = JSON.parse(manifest).sample;
  prepare(tellShown);
  await own.remembered(tellShown);
  begin({ query });
  for (const [name, value] of early) set(name, value);
} catch (error) {
  by('boot').hidden = true;
  drawNote(`The page could not start (${error.message}). Reload it; if that does not help, the server lacks a file.`);
}
