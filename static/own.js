// @ts-check
// Owns the visitor's own pictures: the file inputs, the list, the store in IndexedDB, the exported file.
// Does not look at a picture: Python computes what is kept of it and checks imported files.

/** @import { Bounds, FromWorker, Message, ToWorker, UserFeatures } from '../types/messages' */
/** @import { Handle, Handlers } from './workers.js' */

import { by, make } from './panel.js';
import { still } from './sources.js';
import { current, tellCurrent as tell } from './workers.js';

const WAIT = 1000; // ms the page waits for the store; pictures that come later are sent later
const SILENT = 10_000; // ms after which a store that does not answer counts as none

/** A picture as the store has it. @typedef {UserFeatures & { thumb: Blob }} Row */

/** The pictures, by id. @type {Map<string, Row>} */
const kept = new Map();
/**
 * The pictures that Python has not answered for, by id.
 * @type {Map<string, { message: Message<ToWorker, 'own-add'>, settle: (done: boolean) => void }>}
 */
const asked = new Map();
/** The ids of the pictures that the store has. @type {Set<string>} */
const stored = new Set();
/** The ids of the pictures that have to be looked at again. @type {Set<string>} */
const stale = new Set();
/** The image of each picture, for the cards. @type {Map<string, Promise<ImageBitmap>>} */
const images = new Map();
/** Python's limits of pictures and files, and the word for being busy. @type {Partial<FromWorker['own']>} */
let limits = {};
/** The number of files still to be read. */
let waiting = 0;
/** Whether the pictures have changed since the last worker was started with them. */
let changed = false;

// ---- the store ----

/**
 * @template Result
 * @param {IDBRequest<Result>} made
 * @returns {Promise<Result>}
 */
const request = (made) => new Promise((resolve, reject) => {
  made.onsuccess = () => resolve(made.result);
  made.onerror = () => reject(made.error);
});

/** The database, opened once. @type {Promise<IDBDatabase> | null} */
let opened = null;

function database() {
  opened ??= (async () => {
    const opening = indexedDB.open('vitrine', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('own', { keyPath: 'id' });
    return request(opening);
  })();
  return opened;
}

/**
 * @template Result
 * @param {IDBTransactionMode} mode
 * @param {(all: IDBObjectStore) => IDBRequest<Result>} act
 * @returns {Promise<Result>}
 */
async function pictures(mode, act) {
  const work = async () => {
    const transaction = (await database()).transaction('own', mode);
    const result = await request(act(transaction.objectStore('own')));
    if (mode === 'readwrite') {
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
    }
    return result;
  };
  const silence = new Promise((resolve, reject) => {
    setTimeout(() => reject(new DOMException('', 'TimeoutError')), SILENT);
  });
  return /** @type {Promise<Result>} */ (Promise.race([work(), silence]));
}

/**
 * Connect the controls and read what an earlier visit has stored. A browser that stores nothing (a private
 * window) still shows the page, and a slow one delays it by at most WAIT, unless the address asks for own
 * pictures.
 */
export function remembered() {
  const [adding, importing] = [by('own-add'), by('own-import')];
  adding.onchange = () => add([...adding.files ?? []]).finally(() => { adding.value = ''; });
  importing.onchange = () => read(importing.files?.[0]).finally(() => { importing.value = ''; });
  by('own-export').onclick = write;
  const gallery = new URLSearchParams(location.search).get('gallery') ?? '';
  const wait = ['own', 'all'].includes(gallery) ? SILENT : WAIT;
  return Promise.race([recall(), new Promise((resolve) => { setTimeout(resolve, wait); })]);
}

async function recall() {
  /** @type {Row[]} */
  const rows = await pictures('readonly', (all) => all.getAll()).catch((error) => {
    console.info(`Own pictures are not kept: ${error}`);
    return [];
  });
  const sound = rows.filter(({ thumb, features }) => thumb instanceof Blob && ArrayBuffer.isView(features));
  for (const row of sound) {
    stored.add(row.id);
    if (!kept.has(row.id)) kept.set(row.id, row);
  }
  if (!sound.length) return;
  draw();
  changed = true; // unless the first worker is still to be started
  if (current) tell({ type: 'own-kept', pictures: numbers() });
}

/** What Python has to know of the pictures: everything but their thumbnails. */
const numbers = () =>
  [...kept.values()].map(({ id, name, card, features }) => ({ id, name, card, features }));

/** The pictures that a worker is started with. */
export function start() {
  changed = false;
  return numbers();
}

/**
 * Bring a worker that takes over up to date: the changes since it was started, the pictures that the previous
 * worker has not answered for, and those that this one has to look at again.
 * @param {Handle} handle
 */
export function again(handle) {
  if (changed) tell({ type: 'own-kept', pictures: numbers() });
  for (const { message } of asked.values()) tell(message);
  lookAgain(handle.latest.stale ?? []);
}

/** There is no worker any more, so nothing is looked at. */
export function lost() {
  limits = {};
  stale.clear();
  for (const id of [...asked.keys()]) settled(id, false);
}

// ---- Python's answers ----

/** @type {Handlers} */
export const hear = {
  async 'own-made'(handle, { asked: request, id, name, card, features, thumb: made }) {
    const thumb = made ?? kept.get(id)?.thumb;
    settled(request, true);
    if (!thumb) return; // removed meanwhile
    const row = { id, name, card, features, thumb };
    kept.set(id, row);
    changed = true;
    images.delete(id);
    draw();
    await pictures('readwrite', (all) => all.put(row))
      .then(() => stored.add(id), (error) => trouble(error.name));
  },
  'own-gone': (handle, message) => settled(message.asked, true),
  'own-stale'(handle, { ids }) { // another classifier has looked at them
    if (handle === current) lookAgain(ids);
    else handle.latest.stale = ids; // this worker may never be on screen
  },
  own(handle, message) {
    limits = message;
    draw();
  },
};

/**
 * Report what went wrong; Python has the sentence.
 * @param {string} name
 * @param {Record<string, string | number>} [figures]
 */
const trouble = (name, figures = {}) => tell({ type: 'trouble', kind: 'own', name, ...figures });

/**
 * Have Python look at a picture, each worker that takes over again until one has answered. Gives whether one
 * has; the picture is closed then.
 * @param {string} id
 * @param {string} name
 * @param {ImageBitmap} bitmap
 * @returns {Promise<boolean>}
 */
async function ask(id, name, bitmap) {
  const message = { type: /** @type {const} */ ('own-add'), asked: id, name, picture: bitmap };
  /** @type {Promise<boolean>} */
  const answered = new Promise((settle) => { asked.set(id, { message, settle }); });
  tell(message);
  draw();
  return answered;
}

/**
 * @param {string} id
 * @param {boolean} answered
 */
function settled(id, answered) {
  const { message, settle } = asked.get(id) ?? {};
  asked.delete(id);
  message?.picture.close();
  settle?.(answered);
  draw();
}

let looking = false;

/** @param {string[]} ids */
async function lookAgain(ids) {
  for (const id of ids) if (!asked.has(id)) stale.add(id);
  if (looking) return;
  looking = true;
  for (const id of stale) { // a set gives those that are added meanwhile as well
    stale.delete(id);
    const row = kept.get(id);
    const bitmap = row && await createImageBitmap(row.thumb).catch(() => null);
    if (!bitmap) continue;
    if (kept.has(id)) await ask(id, row.name, bitmap);
    else bitmap.close();
  }
  looking = false;
}

// ---- the visitor ----

/**
 * Add files one at a time, so that one picture is in memory: it is closed once Python has answered.
 * @param {File[]} files
 */
async function add(files) {
  const bounds = /** @type {Bounds} */ (limits.bounds); // the control is disabled without them
  waiting += files.length;
  for (const [n, file] of files.entries()) {
    draw();
    const bitmap = await still(file, bounds, (name, figures) => {
      if (name !== 'bounded') trouble(name, { ...figures, file: file.name });
      return undefined;
    });
    waiting -= 1;
    if (!bitmap || await ask(crypto.randomUUID(), file.name.replace(/\.[^.]*$/, ''), bitmap)) continue;
    waiting -= files.length - n - 1;
    break;
  }
  draw();
}

/** @param {string} id */
function remove(id) {
  kept.delete(id);
  stale.delete(id);
  changed = true;
  images.delete(id);
  tell({ type: 'own-remove', id });
  settled(id, true);
  const had = stored.delete(id); // without it nothing can come back in the next visit
  pictures('readwrite', (all) => all.delete(id)).catch(() => { if (had) trouble('remove'); });
}

/**
 * @param {Blob} blob
 * @returns {Promise<string>}
 */
const base64 = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(String(reader.result).split(',')[1]);
  reader.onerror = reject;
  reader.readAsDataURL(blob);
});

/** Write the file that Python's `own-import` reads. */
async function write() {
  const rows = [];
  for (const { name, card, features, thumb } of kept.values()) {
    const bytes = new Blob([/** @type {BlobPart} */ (features)]);
    rows.push({ name, card, features: await base64(bytes), thumb: await base64(thumb) });
  }
  const text = JSON.stringify({ vitrine: 1, pictures: rows });
  download(new Blob([text], { type: 'application/json' }), 'vitrine-pictures.json');
}

/** @param {File | undefined} file */
async function read(file) {
  if (!file) return;
  if (file.size > (limits.file ?? 0)) trouble('import', { size: Math.round(file.size / 1e6) });
  else tell({ type: 'own-import', text: await file.text() });
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = make('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// ---- the list and the cards ----

/**
 * The picture of a character's key, "own/ID".
 * @param {string} key
 * @returns {Promise<ImageBitmap>}
 */
export async function picture(key) {
  const id = key.slice(key.indexOf('/') + 1);
  const image = images.get(id) ?? createImageBitmap(/** @type {Row} */ (kept.get(id)).thumb);
  images.set(id, image);
  return image;
}

/** The line of each picture in the list, by id. @type {Map<string, HTMLLIElement>} */
const lines = new Map();

function draw() {
  const busy = waiting + asked.size + stale.size;
  by('own-count').textContent = kept.size ? `(${kept.size})` : '';
  by('own-busy').textContent = busy ? `${limits.busy ?? ''} ${busy}` : '';
  by('own-export').disabled = !kept.size;
  by('own-add').disabled = by('own-import').disabled = !limits.bounds;
  for (const [id, line] of lines) if (!kept.has(id)) { line.remove(); lines.delete(id); }
  for (const row of kept.values()) if (!lines.has(row.id)) addLine(row);
}

/** @param {Row} row */
function addLine({ id, name, thumb }) {
  const src = URL.createObjectURL(thumb);
  const image = make('img', { src, alt: '', width: 64, height: 64, loading: 'lazy' });
  const ariaLabel = `${by('own-list').dataset.remove} ${name}`;
  const button = make('button', { type: 'button', textContent: '×', ariaLabel });
  button.onclick = () => { URL.revokeObjectURL(image.src); remove(id); };
  const line = make('li', {}, image, make('span', { textContent: name, title: name }), button);
  lines.set(id, line);
  by('own-list').append(line);
}
