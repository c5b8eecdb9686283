// The page's JavaScript: opens the source, hands the visitor's wishes to Python and draws what Python says. Decides nothing.

import { drawAnswers, prepare } from './answers.js';
import { hide } from './cover.js';
import * as own from './own.js';
import { by, drawHead, drawLog, drawNote, drawPanel, drawStats } from './panel.js';
import { share } from './share.js';
import { open, still } from './sources.js';
import { alive, begin, coming, feed, join, leads, shown, source, tell, tellShown } from './workers.js';

let wanted = null; // the `source` message that pictures come by
let file = null; // the visitor's photo or video
let picked = null; // the file of the visitor's own backdrop
let backdrop = null; // its picture
let latest = {}; // stats
let query = location.search; // the settings in use
let manifest = null; // what this build holds
let scene = null; // of it, the built-in scene
const early = []; // settings from before it was there
let tellReady;

// The page's door to the outside, there before anything is loaded.
globalThis.vitrine = { ready: new Promise((resolve) => { tellReady = resolve; }), stats: () => structuredClone(latest), set };

// ---- workers ----

// What Python says, by type; workers.js hears what is about workers. `show` is the worker that says it.
const hear = {
  log: (show, message) => { if (!shown) drawLog(message); },
  note: (show, { text }) => drawNote(text),
  panel: (show, message) => { if (leads(show)) draw(message); },
  source: (show, message) => { if (leads(show)) openSource(message); },
  stats(show, message) {
    if (show !== shown) return;
    latest = { ...message, memory: { ...message.memory, page: performance.memory?.usedJSHeapSize } };
    drawStats(latest);
  },
  saved: (show, { blob }) => own.download(blob, 'vitrine.png'),
  answers(show, message) {
    if (leads(show)) drawAnswers(message);
    else show.told.answers = message;
  },
  share: (show, message) => share(show.canvas, message),
  ...own.hear,
};

function swapped(show) {
  by('boot').hidden = true;
  by('save').disabled = by('camera').disabled = false;
  draw(show.told.panel);
  if (show.told.answers) drawAnswers(show.told.answers);
  openSource(show.told.source);
  own.again(show);
  tellReady();
}

function lost(text) {
  by('boot').hidden = true;
  own.lost();
  drawNote(text);
}

// ---- source ----

async function openSource(message, pressed = false) {
  const same = JSON.stringify({ ...wanted, ask: 0 }) === JSON.stringify({ ...message, ask: 0 });
  if (same && !pressed && (by('ask').hidden || message.ask.length)) return;
  const mine = wanted = { ...message }; // a copy: the same message may be opened again meanwhile
  ask(pressed || (message.source === 'file' && file) ? [] : message.ask, message.source);
  if (source?.live && message.source !== 'camera') feed(null); // the camera goes off at once
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
  feed(opened);
  by('camera').textContent = by('camera').dataset[source.live ? 'off' : 'on'];
  if (opening.source === 'camera') nameCameras();
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
  query = message.query; // also of a worker that never shows a picture: the next is begun with it
  if (!shown) return;
  history.replaceState(null, '', `?${query}`);
}

async function changed(name, value, kind) {
  if (kind !== 'file') return set(name, value);
  if (!value) return;
  if (name === 'file') return take(value);
  const trouble = (problem, figures = {}) => tell({ type: 'trouble', kind: 'file', name: problem, ...figures });
  picked = value;
  const picture = await still(value, wanted, trouble);
  if (!picture || picked !== value) return picture?.close(); // another was picked while this one was decoded
  backdrop?.close();
  backdrop = picture;
  tell({ type: 'own', picture });
}

function set(name, value) {
  hide(source);
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
by('save').onclick = () => tellShown({ type: 'save' });
// Anywhere, for what misses the picture would replace the page; a file control takes its own.
addEventListener('dragover', (event) => { if (event.target.type !== 'file') event.preventDefault(); });
addEventListener('drop', (event) => {
  if (event.target.type === 'file') return;
  event.preventDefault();
  if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
});
addEventListener('paste', (event) => { if (event.clipboardData.files[0]) take(event.clipboardData.files[0]); });
addEventListener('submit', (event) => event.preventDefault());

async function built() {
  const answer = await fetch('manifest.json');
  if (!answer.ok) throw new Error(`manifest.json: ${answer.status}`);
  return answer.text();
}

try {
  prepare();
  join({ start: () => ({ manifest, own: backdrop, kept: own.start() }), hear, swapped, lost });
  [manifest] = await Promise.all([built(), own.remembered()]);
  scene = JSON.parse(manifest).sample;
  begin({ query });
  for (const [name, value] of early) set(name, value);
} catch (error) {
  by('boot').hidden = true;
  drawNote(`The page could not start (${error.message}). Reload it; if that does not help, the server lacks a file.`);
}
