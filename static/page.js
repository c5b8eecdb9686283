// @ts-check
// Owns the page: opens the source, hands settings and files to Python, shows what Python sends.
// Does not check a setting or write a sentence: Python does, and index.html where Python is absent.

/** @import { Control, Panel, Source, Stats } from '../types/messages' */
/** @import { Report, Scene } from './sources.js' */
/** @import { Handle, Handlers } from './workers.js' */

import { prepare } from './answers.js';
import { choose, follow } from './backdrop.js';
import { hide } from './cover.js';
import { renderers, showEvents } from './events.js';
import * as own from './own.js';
import { by, drawHead, drawLog, drawNote, drawPanel, drawStats, format } from './panel.js';
import { share } from './share.js';
import { open, still } from './sources.js';
import { alive, begin, current, feed, join, leads, next, source, tell, tellCurrent } from './workers.js';

/** The `source` message that the pictures come from. @type {Source | null} */
let request = null;
/** The visitor's photo or video. @type {File | null} */
let file = null;
/** The visitor's own backdrop. @type {{ file: File | null, picture: ImageBitmap | null }} */
const backdrop = { file: null, picture: null };
/** The last statistics. @type {Partial<Stats>} */
let stats = {};
/** The settings in use, as a URL query. */
let query = location.search;
/** What this build holds: the text of manifest.json. @type {string} */
let manifest;
/** The built-in scene, from the manifest. @type {Scene} */
let scene;
/** Settings from before the manifest was there. @type {[string, unknown][]} */
const early = [];
/** @type {(value?: unknown) => void} */
let resolveReady;

// The page's interface for other scripts, there before anything is loaded.
Object.assign(globalThis, {
  vitrine: {
    ready: new Promise((resolve) => { resolveReady = resolve; }),
    stats: () => structuredClone(stats),
    set,
  },
});

// ---- workers ----

/** Handlers of Python's messages, by type; workers.js handles those about workers. @type {Handlers} */
const hear = {
  log: (handle, message) => { if (!current) drawLog(message); },
  note: (handle, { text }) => drawNote(text),
  // A worker that is not on screen sends these again when it is.
  panel: (handle, message) => { if (leads(handle)) draw(message); },
  source: (handle, message) => { if (leads(handle)) openSource(message); },
  'backdrop-video': (handle, message) => { if (leads(handle)) follow(message); },
  pictures: (handle, message) => { if (leads(handle)) own.drawPictures(message); },
  stats(handle, message) {
    if (handle !== current) return;
    const { memory } = /** @type {{ memory?: { usedJSHeapSize: number } }} */ (performance); // Chromium alone
    const measured = { ...message };
    if (memory) measured.memory = { ...message.memory, page: memory.usedJSHeapSize };
    stats = measured;
    drawStats(measured);
  },
  download: (handle, { file: blob, name }) => own.download(blob, name),
  'share-card': (handle, message) => { share(handle.canvas, message); },
};
for (const [type, { draw: render }] of Object.entries(renderers)) {
  /** @type {(handle: Handle, event: any) => void} */
  const drawn = (handle, event) => { if (leads(handle)) render(event); };
  Object.assign(hear, { [type]: drawn });
}

function swapped() {
  by('boot').hidden = true;
  by('save').disabled = by('camera').disabled = false;
  resolveReady();
}

/** @param {string} text */
function lost(text) {
  by('boot').hidden = true;
  own.lost();
  drawNote(text);
}

// ---- source ----

/**
 * What a source or file reports goes to Python.
 * @param {string} kind
 * @returns {Report}
 */
const reporter = (kind) => (name, figures = {}) => tell({ type: 'source-failed', kind, name, figures });

/**
 * Open a source, or ask the visitor before; meanwhile the built-in scene is shown.
 * @param {Source} message
 * @param {boolean} [pressed] whether the visitor has just answered
 */
async function openSource(message, pressed = false) {
  const same = JSON.stringify({ ...request, ask: 0 }) === JSON.stringify({ ...message, ask: 0 });
  if (same && !pressed && (by('ask').hidden || message.ask.length)) return;
  const mine = request = { ...message }; // a copy: the same message may be opened again meanwhile
  const asks = !pressed && !(message.source === 'file' && file);
  ask(asks ? message.ask : [], message.source);
  if (source?.live && message.source !== 'camera') feed(null); // the camera goes off at once
  if (!by('ask').hidden && source) return; // the source on screen goes on until the visitor has answered
  /** @type {Source} */
  const opening = by('ask').hidden ? message : { ...message, source: 'sample' };
  const report = reporter(opening.source);
  let opened;
  try {
    opened = await open(opening, { scene, file, report });
  } catch (error) {
    report(/** @type {Error} */ (error).name || String(error));
  }
  if (!opened) return;
  if (request !== mine) {
    opened.stop();
    return;
  }
  feed(opened);
  by('camera').textContent = by('camera').dataset[opened.live ? 'off' : 'on'] ?? '';
  if (opening.source === 'camera') nameCameras();
}

/**
 * Show the question that comes before a source is opened; no words, no question.
 * @param {string[]} words of the button and of the line beneath it
 * @param {Source['source']} kind
 */
function ask(words, kind) {
  by('ask').hidden = !words.length;
  if (!words.length) return;
  const [button, line] = /** @type {HTMLElement[]} */ ([...by('ask').children]);
  [button.textContent, line.textContent] = words;
  const chooseFile = () => document.getElementById('control-file')?.click();
  button.onclick = kind === 'camera' ? openCamera : chooseFile;
}

function openCamera() {
  tell({ type: 'camera-requested' });
  if (request) openSource(request, true);
}

async function nameCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const name = by('camera').dataset.name;
  const cameras = devices
    .filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId)
    .map(({ deviceId, label }, i) => /** @type {[string, string]} */ (
      [deviceId, label || format(name, { number: i + 1 })]));
  tell({ type: 'cameras', cameras });
}

/** @param {File} chosen photo or video */
function take(chosen) {
  file = chosen;
  if (request?.source === 'file') openSource(request, true);
  else set('source', 'file');
}

// ---- panel ----

/** @param {Panel} message */
function draw(message) {
  drawPanel(message.controls, changed);
  drawHead(message);
  showEvents(message.events);
  query = message.query; // also of a worker that never shows a picture: the next is started with it
  if (current) history.replaceState(null, '', `?${query}`);
}

/**
 * @param {string} name
 * @param {any} value
 * @param {Control['kind']} kind
 */
function changed(name, value, kind) {
  if (kind !== 'file') set(name, value);
  else if (value && name === 'file') take(value);
  else if (value && name === 'video-file') choose(value, reporter('file'));
  else if (value) takeBackdrop(value);
}

/** @param {File} chosen */
async function takeBackdrop(chosen) {
  if (!request) return;
  backdrop.file = chosen;
  const picture = await still(chosen, request, reporter('file'));
  if (!picture || backdrop.file !== chosen) { // another was chosen while this one was decoded
    picture?.close();
    return;
  }
  backdrop.picture?.close();
  backdrop.picture = picture;
  tell({ type: 'backdrop', picture });
}

/**
 * Change a setting.
 * @param {string} name as in the URL
 * @param {unknown} value
 */
function set(name, value) {
  hide();
  if (!manifest) early.push([name, value]);
  else if (alive(current) || alive(next)) tell({ type: 'set', name, value: /** @type {string} */ (value) });
  else { // of two values of a setting the last counts
    begin({ query: `${query}&${new URLSearchParams({ [name]: String(value) })}` });
  }
}

by('camera').onclick = () => {
  if (source?.live) set('source', 'sample');
  else if (request?.source === 'camera') openCamera();
  else {
    tell({ type: 'camera-requested' });
    set('source', 'camera');
  }
};
by('save').onclick = () => tellCurrent({ type: 'save' });

// A file can be dropped anywhere: beside the picture it would replace the page. A file control takes its own.
const onFileControl = (/** @type {Event} */ { target }) =>
  target instanceof HTMLInputElement && target.type === 'file';
addEventListener('dragover', (event) => { if (!onFileControl(event)) event.preventDefault(); });
addEventListener('drop', (event) => {
  if (onFileControl(event)) return;
  event.preventDefault();
  const dropped = event.dataTransfer?.files[0];
  if (dropped) take(dropped);
});
addEventListener('paste', ({ clipboardData }) => {
  const pasted = clipboardData?.files[0];
  if (pasted) take(pasted);
});
addEventListener('submit', (event) => event.preventDefault());

async function fetchManifest() {
  const answer = await fetch('manifest.json');
  if (!answer.ok) throw new Error(`manifest.json: ${answer.status}`);
  return answer.text();
}

try {
  prepare();
  own.prepare();
  const start = () => ({ manifest, backdrop: backdrop.picture, pictures: own.unstored() });
  join({ start, hear, swapped, lost });
  manifest = await fetchManifest();
  scene = JSON.parse(manifest).sample;
  begin({ query });
  for (const [name, value] of early) set(name, value);
} catch (error) {
  by('boot').hidden = true;
  drawNote(format(by('boot').dataset.failed, { why: /** @type {Error} */ (error).message }));
}
