// The visitor's own pictures: chosen, kept in IndexedDB, written to one file and read from one. Decides nothing:
// Python makes what is kept of a picture, checks what comes from a file and says what cannot be.

import { by, make } from './panel.js';
import { still } from './sources.js';

const kept = new Map(); // id -> { id, name, card, features, thumb }
const asked = new Map(); // id -> the message Python has not answered yet
const images = new Map(); // id -> promise of its picture, for the cards
let tell;
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
  const done = (await database()).transaction('own', mode);
  const result = await request(act(done.objectStore('own')));
  if (mode === 'readwrite') await new Promise((resolve, reject) => { done.oncomplete = resolve; done.onabort = () => reject(done.error); });
  return result;
}

// What was kept in an earlier visit. A browser that keeps nothing (a private window) still shows the page.
export async function remembered(send) {
  tell = send;
  by('own-add').onchange = ({ target }) => add([...target.files]).finally(() => { target.value = ''; });
  by('own-import').onchange = ({ target }) => read(target.files[0]).finally(() => { target.value = ''; });
  by('own-export').onclick = write;
  try {
    for (const row of await pictures('readonly', (all) => all.getAll())) kept.set(row.id, row);
  } catch (error) {
    console.info(`Own pictures are not kept: ${error}`);
  }
  draw();
}

// For a worker: what it is begun with.
export function numbers() {
  since = false;
  return [...kept.values()].map(({ id, name, card, features }) => ({ id, name, card, features }));
}

// A worker takes over: what has changed since it was begun, and what the one before has not answered.
export function again() {
  if (since) tell({ type: 'own-kept', pictures: numbers() });
  for (const message of asked.values()) tell(message);
}

// ---- Python's answers ----

export const hear = {
  async 'own-made'(show, { asked: name, id, thumb, ...made }) {
    const row = { ...made, id, thumb: thumb ?? kept.get(id)?.thumb };
    asked.delete(name);
    if (!row.thumb) return draw(); // removed meanwhile
    delete row.type;
    kept.set(id, row);
    since = true;
    images.delete(id);
    draw();
    await pictures('readwrite', (all) => all.put(row)).catch((error) => tell({ type: 'trouble', kind: 'own', name: error.name }));
  },
  'own-gone'(show, message) {
    asked.delete(message.asked);
    draw();
  },
  async 'own-stale'(show, { ids }) { // another classifier has looked at them: they are looked at again
    for (const id of ids.filter((each) => kept.has(each) && !asked.has(each))) {
      const { name, thumb } = kept.get(id);
      const shown = await createImageBitmap(thumb).catch(() => null);
      if (shown) ask({ type: 'own-add', asked: id, name, picture: shown });
    }
  },
  own(show, message) {
    words = message;
    draw();
  },
};

function ask(message) {
  asked.set(message.asked, message);
  tell(message);
  draw();
}

// ---- the visitor ----

// One picture at a time: each is bounded while it is read, and let go once Python has answered.
async function add(files) {
  waiting += files.length;
  for (const file of files) {
    const trouble = (name, figures = {}) => name === 'bounded' || tell({ type: 'trouble', kind: 'own', name, ...figures, file: file.name });
    draw();
    const shown = await still(file, words.bounds, trouble);
    waiting -= 1;
    if (!shown) continue;
    const id = crypto.randomUUID();
    ask({ type: 'own-add', asked: id, name: file.name.replace(/\.[^.]*$/, ''), picture: shown });
    await answered(id);
    shown.close();
  }
  draw();
}

const answered = (id) => new Promise((resolve) => {
  const look = () => (asked.has(id) ? setTimeout(look, 20) : resolve());
  look();
});

function remove(id) {
  kept.delete(id);
  since = true;
  images.delete(id);
  tell({ type: 'own-remove', id });
  pictures('readwrite', (all) => all.delete(id)).catch(() => {});
  draw();
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
  const busy = waiting + asked.size;
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
