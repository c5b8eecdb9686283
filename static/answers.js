// @ts-check
// Owns the cards of the look-alikes, the tabs of the faces, the labels on the picture and the sheets.
// Does not rank or name anything: Python's `answers` message holds the faces, characters and texts.

/** @import { Answers, Character, FaceId } from '../types/messages' */

import { by, context2d, make } from './panel.js';
import * as own from './own.js';
import { tell, tellCurrent } from './workers.js';

/** The number of cards. */
const CARDS = 5;
/** Sheets that are kept decoded. The build makes them 640 x 640 pixels, so one takes 1.6 MB. */
const SHEETS = 12;
/** Milliseconds a card waits for its picture, so that name and picture change together. */
const LATE = 1000;

/** @typedef {CanvasImageSource & { width: number, height: number }} Drawable */
/**
 * A part of an image, in pixels.
 * @typedef {{ image: Drawable, x: number, y: number, width: number, height: number }} Part
 */

/**
 * The elements of a card, and the character it shows.
 * @typedef {object} Card
 * @property {HTMLLabelElement} element
 * @property {HTMLInputElement} pick
 * @property {HTMLCanvasElement} picture
 * @property {HTMLSpanElement} name
 * @property {HTMLSpanElement} set
 * @property {HTMLElement} bar
 * @property {HTMLSpanElement} percent
 * @property {Character | null} character
 */

/** The image of each sheet by path, the last used at the end. @type {Map<string, Promise<Drawable>>} */
const sheets = new Map();
/** @type {Card[]} */
const cards = [];
/** The label of each face on the picture. @type {Map<FaceId, HTMLButtonElement>} */
const labels = new Map();
/** The last message. @type {Answers} */
let answers = { faces: [], together: [], note: '', hint: '', titles: {}, picked: {}, picture: [1, 1] };
/** The face whose characters the cards show; 0: all faces together. @type {FaceId | null} */
let chosen = null;
/** The number of cards that wait for their pictures. */
let loading = 0;

/** Make the cards and connect the controls. */
export function prepare() {
  for (let i = 0; i < CARDS; i += 1) cards.push(makeCard());
  by('five').append(...cards.map(({ element }) => element));
  by('faces').onchange = ({ target }) => choose(Number(/** @type {HTMLInputElement} */ (target).value));
  by('share').onclick = () => tellCurrent({ type: 'share', face: chosen ?? 0 });
}

/** @returns {Card} */
function makeCard() {
  const pick = make('input', { type: 'radio', name: 'pick', disabled: true });
  const picture = make('canvas', { width: 1, height: 1, className: 'thumb' });
  const fill = make('i');
  const bar = make('span', { className: 'bar' }, fill);
  const [name, set, percent] = ['name', 'set', 'percent'].map((className) => make('span', { className }));
  const element = make('label', { className: 'card empty' }, pick, picture, name, set, bar, percent);
  pick.onchange = () => tell({ type: 'pick', face: chosen ?? 0, key: pick.value });
  return { element, pick, picture, name, set, bar: fill, percent, character: null };
}

/** @param {Answers} message */
export function drawAnswers(message) {
  answers = message;
  const ids = answers.faces.map(({ id }) => id);
  if (answers.together.length) ids.push(0);
  if (chosen === null || !ids.includes(chosen)) chosen = ids[0] ?? null;
  by('labels').style.setProperty('--ratio', String(answers.picture[0] / answers.picture[1]));
  by('answers-note').textContent = answers.note || answers.hint;
  drawTabs(ids.length > 1 ? ids : []);
  drawLabels();
  drawCards();
}

/** @param {FaceId} id */
function choose(id) {
  chosen = id;
  drawAnswers(answers);
}

/** @param {FaceId} id */
const title = (id) => answers.titles[id] ?? '';

/** @param {FaceId[]} ids */
function drawTabs(ids) {
  const tabs = () => [...by('faces').querySelectorAll('input')];
  if (tabs().map(({ value }) => value).join() !== ids.join()) {
    const focused = by('faces').contains(document.activeElement);
    by('faces').replaceChildren(...ids.map((id) => make('label', {},
      make('input', { type: 'radio', name: 'face', value: id }),
      make('span', { textContent: title(id) }))));
    if (focused) tabs().find(({ value }) => Number(value) === chosen)?.focus();
  }
  for (const input of tabs()) input.checked = Number(input.value) === chosen;
}

// A face keeps its label as long as it is tracked: the label moves and is not replaced.
function drawLabels() {
  const gone = new Set(labels.keys());
  for (const { id, box: [x, y, width, height], five: [first] } of answers.faces) {
    gone.delete(id);
    const label = labels.get(id) ?? addLabel(id);
    for (const [side, share] of Object.entries({ x, y, width, height })) {
      label.style.setProperty(`--${side}`, String(share));
    }
    label.ariaPressed = String(id === chosen);
    const [face, character] = label.children;
    const text = summary(first);
    if (face.textContent !== title(id)) face.textContent = title(id);
    if (character.textContent !== text) character.textContent = text;
  }
  for (const id of gone) {
    labels.get(id)?.remove();
    labels.delete(id);
  }
}

/** @param {FaceId} id */
function addLabel(id) {
  const label = make('button', { type: 'button' }, make('b'), make('span'));
  label.onclick = () => choose(id);
  by('labels').firstElementChild?.append(label);
  labels.set(id, label);
  return label;
}

/** @param {Character | undefined} character */
const summary = (character) => (character ? `${character.name} ${character.likeness}%` : '');

function drawCards() {
  const { together, faces } = answers;
  const characters = chosen === 0 ? together : faces.find(({ id }) => id === chosen)?.five ?? [];
  cards.forEach((card, i) => fill(card, characters[i] ?? null));
  by('share').disabled = !characters.length;
  const key = characters[0]?.key ?? '';
  // Screen readers read this line, so it changes with the character and not with each percent.
  if (by('answers-said').dataset.key !== key) {
    by('answers-said').dataset.key = key;
    by('answers-said').textContent = summary(characters[0]);
  }
}

/**
 * Show a character on a card, once its picture is there.
 * @param {Card} card
 * @param {Character | null} character
 */
async function fill(card, character) {
  const { element, pick, picture, name, set, bar, percent } = card;
  const previous = card.character?.key;
  card.character = character;
  if (!character) return clear(card);
  if (previous !== character.key || element.dataset.answer !== character.key) {
    const { key } = character;
    const found = portrait(character).catch(() => null);
    setLoading(1);
    const part = await Promise.race([found, new Promise((resolve) => { setTimeout(resolve, LATE); })]);
    setLoading(-1);
    const latest = /** @type {Character | null} */ (card.character);
    if (latest?.key !== key) return; // the card shows another one by now
    character = latest;
    paint(picture, part);
    if (!part) found.then((late) => { if (card.character?.key === key) paint(picture, late); });
    element.classList.remove('empty');
    element.dataset.answer = pick.value = key;
    pick.disabled = false;
    name.textContent = name.title = character.name;
    set.textContent = character.set;
    element.title = character.design;
  }
  pick.checked = chosen !== null && (answers.picked[chosen] ?? '') === character.key;
  bar.style.setProperty('--part', String(character.likeness / 100));
  percent.textContent = `${character.likeness}%`;
}

/** @param {Card} card */
function clear({ element, pick, name, set, bar, percent }) {
  element.classList.add('empty');
  delete element.dataset.answer;
  element.removeAttribute('title');
  pick.disabled = true;
  pick.checked = false;
  name.textContent = set.textContent = percent.textContent = '';
  bar.style.removeProperty('--part');
}

/** @param {1 | -1} change */
function setLoading(change) {
  loading += change;
  by('five').ariaBusy = String(loading > 0);
}

/**
 * A character's picture. A sheet is loaded when one of its characters is shown.
 * @param {Character} character
 * @returns {Promise<Part>}
 */
export async function portrait({ key, sheet: path, x, y, columns, rows }) {
  if (!path) {
    const image = await own.picture(key);
    return { image, x: 0, y: 0, width: image.width, height: image.height };
  }
  const image = await sheet(path);
  const [width, height] = [image.width / columns, image.height / rows];
  return { image, x: x * width, y: y * height, width, height };
}

/** @param {string} path */
function sheet(path) {
  const image = sheets.get(path) ?? decode(path);
  sheets.delete(path);
  sheets.set(path, image);
  const [oldest] = sheets.keys();
  if (sheets.size > SHEETS) sheets.delete(oldest);
  return image;
}

/** @param {string} path */
async function decode(path) {
  const image = Object.assign(new Image(), { src: path });
  try {
    await image.decode();
  } catch (error) {
    sheets.delete(path); // so that it is requested again the next time
    throw error;
  }
  return image;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Part | null | undefined} part
 */
function paint(canvas, part) {
  const size = Math.round(part?.width ?? 1);
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const draw = context2d(canvas);
  draw.clearRect(0, 0, size, size);
  if (part) draw.drawImage(part.image, part.x, part.y, part.width, part.height, 0, 0, size, size);
}
