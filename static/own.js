// The visitor's own pictures: chosen, kept in IndexedDB, written to one file and read from one. Decides nothing:
// Python makes what is kept of a picture, checks what comes from a file and says what cannot be.

import { by, make } from './panel.js';
import { still } from './sources.js';
import { shown, tellShown as tell } from './workers.js';

const WAIT = 1000; // ms the page waits for what is kept: what comes later is told later
const SILENT = 10_000; // ms after which a store that does not answer is none

const kept = new Map(); // id -> { id, name, card, features, thumb }
const asked = new Map(); // id -> { message, settle }: what Python has not answered yet
const safe = new Set(); // ids of those that the store has
const stale = new Set(); // ids of those to be looked at again
const images = new Map(); // id -> promise of its picture, for the cards
let words = {}; // Python's: the bounds of a picture and of a file, and what it is called to be busy
let waiting = 0; // files still to be read
let since = false; // whether there is more or less than the last worker was begun with

// ---- the store ----

const request = (made) => new Promise((resolve, reject) => {
  made.onsuccess = () => resolve(made.result);
  made.onerror = () => reject(made.error);
});

let store = null; // promise of the database, opened once

function database() {
  store ??= (async () => {
    const opening = indexedDB.open('vitrine', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('own', { keyPath: 'id' });
    return request(opening);
  })();
  return store;
}

async function pictures(mode, act) {
  const work = async () => {
    const done = (await database()).transaction('own', mode);
    const result = await request(act(done.objectStore('own')));
    if (mode === 'readwrite') await new Promise((resolve, reject) => { done.oncomplete = resolve; done.onabort = () => reject(done.error); });
    return result;
  };
  const silent = (reject) => setTimeout(() => reject(new DOMException('', 'TimeoutError')), SILENT);
  return Promise.race([work(), new Promise((resolve, reject) => { silent(reject); })]);
}

// What was kept in an earlier visit. A browser that keeps nothing (a private window) still shows the page, and one
// that takes long does not hold it up, unless the address asks for them.
export function remembered() {
  by('own-add').onchange = ({ target }) => add([...target.files]).finally(() => { target.value = ''; });
  by('own-import').onchange = ({ target }) => read(target.files[0]).finally(() => { target.value = ''; });
  by('own-export').onclick = write;
  const wait = ['own', 'all'].includes(new URLSearchParams(location.search).get('gallery')) ? SILENT : WAIT;
  return Promise.race([recall(), new Promise((resolve) => { setTimeout(resolve, wait); })]);
}

async function recall() {
  const rows = await pictures('readonly', (all) => all.getAll()).catch((error) => {
    console.info(`Own pictures are not kept: ${error}`);
    return [];
  });
  const sound = rows.filter(({ thumb, features }) => thumb instanceof Blob && ArrayBuffer.isView(features));
  for (const row of sound) {
    safe.add(row.id);
    if (!kept.has(row.id)) kept.set(row.id, row);
  }
  if (!sound.length) return;
  draw();
  since = true; // unless the first worker is still to be begun
  if (shown) tell({ type: 'own-kept', pictures: numbers() });
}

const numbers = () => [...kept.values()].map(({ id, name, card, features }) => ({ id, name, card, features }));

// What a worker is begun with.
export function start() {
  since = false;
  return numbers();
}

// A worker takes over: what has changed since it was begun, what the one before has not answered, and what is to be
// looked at again by this one.
export function again(show) {
  if (since) tell({ type: 'own-kept', pictures: numbers() });
  for (const { message } of asked.values()) tell(message);
  lookAgain(show.told.stale ?? []);
}

// There is no worker any more: nothing is looked at.
export function lost() {
  words = {};
  stale.clear();
  for (const id of [...asked.keys()]) settled(id, false);
}

// ---- Python's answers ----

export const hear = {
  async 'own-made'(show, { asked: name, id, thumb, ...made }) {
    const row = { ...made, id, thumb: thumb ?? kept.get(id)?.thumb };
    settled(name, true);
    if (!row.thumb) return; // removed meanwhile
    delete row.type;
    kept.set(id, row);
    since = true;
    images.delete(id);
    draw();
    await pictures('readwrite', (all) => all.put(row)).then(() => safe.add(id), (error) => tell({ type: 'trouble', kind: 'own', name: error.name }));
  },
  'own-gone': (show, message) => settled(message.asked, true),
  'own-stale'(show, { ids }) { // another classifier has looked at them
    if (show === shown) lookAgain(ids);
    else show.told.stale = ids; // it may never be seen
  },
  own(show, message) {
    words = message;
    draw();
  },
};

// Ask Python for what is to be kept of a picture, again of each worker that takes over until one has answered.
// Gives whether one has; the picture is let go then.
async function ask(id, name, picture) {
  const message = { type: 'own-add', asked: id, name, picture };
  const answered = new Promise((settle) => { asked.set(id, { message, settle }); });
  tell(message);
  draw();
  return answered;
}

function settled(id, answered) {
  const { message, settle } = asked.get(id) ?? {};
  asked.delete(id);
  message?.picture.close();
  settle?.(answered);
  draw();
}

let looking = false;

async function lookAgain(ids) {
  for (const id of ids) if (!asked.has(id)) stale.add(id);
  if (looking) return;
  looking = true;
  for (const id of stale) { // those that are added meanwhile as well
    stale.delete(id);
    const { name, thumb } = kept.get(id) ?? {};
    const picture = thumb && await createImageBitmap(thumb).catch(() => null);
    if (!picture) continue;
    if (kept.has(id)) await ask(id, name, picture);
    else picture.close();
  }
  looking = false;
}

// ---- the visitor ----

// One picture at a time: each is bounded while it is read, and let go once Python has answered.
async function add(files) {
  const { bounds } = words;
  waiting += files.length;
  for (const [n, file] of files.entries()) {
    const trouble = (name, figures = {}) => name === 'bounded' || tell({ type: 'trouble', kind: 'own', name, ...figures, file: file.name });
    draw();
    const picture = await still(file, bounds, trouble);
    waiting -= 1;
    if (!picture || await ask(crypto.randomUUID(), file.name.replace(/\.[^.]*$/, ''), picture)) continue;
    waiting -= files.length - n - 1;
    break;
  }
  draw();
}

function remove(id) {
  kept.delete(id);
  stale.delete(id);
  since = true;
  images.delete(id);
  tell({ type: 'own-remove', id });
  settled(id, true);
  const had = safe.delete(id); // else there is nothing that could come back
  pictures('readwrite', (all) => all.delete(id)).catch(() => had && tell({ type: 'trouble', kind: 'own', name: 'remove' }));
}

const text = (blob) => new Promise((resolve, reject) => {
  const reader = Object.assign(new FileReader(), { onload: () => resolve(reader.result.split(',')[1]), onerror: reject });
  reader.readAsDataURL(blob);
});

// The file that `own-import` of app/page/own.py reads.
async function write() {
  const rows = [];
  for (const { name, card, features, thumb } of kept.values()) {
    rows.push({ name, card, features: await text(new Blob([features])), thumb: await text(thumb) });
  }
  const blob = new Blob([JSON.stringify({ vitrine: 1, pictures: rows })], { type: 'application/json' });
  download(blob, 'vitrine-pictures.json');
}

async function read(file) {
  if (!file) return;
  if (file.size > words.file) return tell({ type: 'trouble', kind: 'own', name: 'import', size: Math.round(file.size / 1e6) });
  tell({ type: 'own-import', text: await file.text() });
}

export function download(blob, name) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// ---- drawn ----

export function picture(key) {
  const id = key.slice(key.indexOf('/') + 1);
  if (!images.has(id)) images.set(id, createImageBitmap(kept.get(id).thumb));
  return images.get(id);
}

const lines = new Map(); // id -> its line in the list

function draw() {
  const busy = waiting + asked.size + stale.size;
  by('own-count').textContent = kept.size ? `(${kept.size})` : '';
  by('own-busy').textContent = busy ? `${words.busy ?? ''} ${busy}` : '';
  by('own-export').disabled = !kept.size;
  by('own-add').disabled = by('own-import').disabled = !words.bounds;
  for (const [id, line] of lines) if (!kept.has(id)) { line.remove(); lines.delete(id); }
  for (const { id, name, thumb } of kept.values()) {
    if (lines.has(id)) continue;
    const image = make('img', { src: URL.createObjectURL(thumb), alt: '', width: 64, height: 64, loading: 'lazy' });
    const button = make('button', { type: 'button', textContent: '×', ariaLabel: `${by('own-list').dataset.remove} ${name}` });
    button.onclick = () => { URL.revokeObjectURL(image.src); remove(id); };
    const line = make('li', {}, image, make('span', { textContent: name, title: name }), button);
    lines.set(id, line);
    by('own-list').append(line);
  }
}
