// @ts-check
// Owns the visitor's own pictures on the page: the file inputs, the list, and the images for the cards.
// Does not store or check a picture: Python does, in the worker.

/** @import { Pictures, UserPicture } from '../types/messages' */
/** @import { Report } from './sources.js' */

import { by, make } from './panel.js';
import { still } from './sources.js';
import { tell, tellCurrent } from './workers.js';

/** Python's last message. @type {Pictures | null} */
let latest = null;
/** The image of each picture, for the cards. @type {Map<string, Promise<ImageBitmap>>} */
const images = new Map();
/** The line of each picture in the list. @type {Map<string, HTMLLIElement>} */
const lines = new Map();
/** The number of files still to be read. */
let waiting = 0;

/** Connect the controls. */
export function prepare() {
  const [adding, importing] = [by('own-add'), by('own-import')];
  adding.onchange = () => add([...adding.files ?? []]).finally(() => { adding.value = ''; });
  importing.onchange = () => {
    read(importing.files?.[0]);
    importing.value = '';
  };
  by('own-export').onclick = () => { tellCurrent({ type: 'export-pictures' }); };
}

/** The pictures that the browser's store does not hold: the next worker begins with them. */
export const unstored = () => (latest?.pictures ?? []).filter(({ stored }) => !stored);

/** @param {Pictures} message */
export function drawPictures(message) {
  for (const { id, thumbnail } of message.pictures) {
    if (latest?.pictures.find((each) => each.id === id)?.thumbnail !== thumbnail) images.delete(id);
  }
  latest = message;
  draw();
}

/** There is no worker any more, so no picture can be added. */
export function lost() {
  if (latest) latest = { ...latest, busy: 0 };
  by('own-add').disabled = by('own-import').disabled = by('own-export').disabled = true;
}

// ---- the visitor ----

/**
 * Report what is wrong with a file; Python has the sentence.
 * @param {string} file its name
 * @returns {Report}
 */
const reporter = (file) => (name, figures = {}) => {
  if (name === 'bounded') return undefined; // a large picture is made smaller without a word
  return tell({ type: 'source-failed', kind: 'picture', name, figures: { ...figures, file } });
};

/**
 * Add files one at a time, so that one picture is in memory: it is closed once Python has handled it.
 * @param {File[]} files
 */
async function add(files) {
  const bounds = /** @type {Pictures} */ (latest); // the control is disabled without them
  waiting += files.length;
  for (const [n, file] of files.entries()) {
    draw();
    const picture = await still(file, bounds, reporter(file.name));
    waiting -= 1;
    if (!picture) continue;
    const name = file.name.replace(/\.[^.]*$/, '');
    const handled = await tellCurrent({ type: 'add-picture', name, picture });
    picture.close();
    if (handled) continue;
    waiting -= files.length - n - 1;
    break;
  }
  draw();
}

/** @param {File | undefined} file */
function read(file) {
  if (!file) return;
  const figures = { size: Math.round(file.size / 1e6) };
  if (file.size <= (latest?.file ?? 0)) tellCurrent({ type: 'import-pictures', file });
  else tell({ type: 'source-failed', kind: 'picture', name: 'import', figures });
}

/**
 * Give the visitor a file to save.
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
 * The picture of an answer's key, "own/ID".
 * @param {string} key
 * @returns {Promise<ImageBitmap>}
 */
export async function picture(key) {
  const id = key.slice(key.indexOf('/') + 1);
  const thumbnail = /** @type {Blob} */ (latest?.pictures.find((each) => each.id === id)?.thumbnail);
  const image = images.get(id) ?? createImageBitmap(thumbnail);
  images.set(id, image);
  return image;
}

function draw() {
  const pictures = latest?.pictures ?? [];
  const busy = waiting + (latest?.busy ?? 0);
  by('own-count').textContent = pictures.length ? `(${pictures.length})` : '';
  by('own-busy').textContent = busy ? `${latest?.label} ${busy}` : '';
  by('own-export').disabled = !pictures.length;
  by('own-add').disabled = by('own-import').disabled = !latest;
  const ids = new Set(pictures.map(({ id }) => id));
  for (const [id, line] of lines) if (!ids.has(id)) { line.remove(); lines.delete(id); }
  for (const row of pictures) if (!lines.has(row.id)) addLine(row);
}

/** @param {UserPicture} picture */
function addLine({ id, name, thumbnail }) {
  const src = URL.createObjectURL(thumbnail);
  const image = make('img', { src, alt: '', width: 64, height: 64, loading: 'lazy' });
  const ariaLabel = `${by('own-list').dataset.remove} ${name}`;
  const button = make('button', { type: 'button', textContent: '×', ariaLabel });
  button.onclick = () => {
    URL.revokeObjectURL(image.src);
    tellCurrent({ type: 'remove-picture', id });
  };
  const line = make('li', {}, image, make('span', { textContent: name, title: name }), button);
  lines.set(id, line);
  by('own-list').append(line);
}
