// @ts-check
// Owns the cards of the look-alikes, the tabs of the faces, the labels on the picture and the sheets.
// Does not rank or name anything: Python's `answers` message holds the faces, characters and texts.

/** @import { Answer, Answers } from '../types/messages' */

import { by, context2d, make } from './panel.js';
import * as own from './own.js';
import { tell, tellCurrent } from './workers.js';

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
 * @property {Answer | null} answer
 */

/** The image of each sheet by path, the last used at the end. @type {Map<string, Promise<Drawable>>} */
const sheets = new Map();
/** @type {Card[]} */
const cards = [];
/** The label of each face on the picture. @type {Map<number, HTMLButtonElement>} */
const labels = new Map();
/** The last message. @type {Answers} */
let answers;
/** The face whose answers the cards show; 0: all faces together. @type {number | null} */
let chosen = null;
/** The number of cards that wait for their pictures. */
let loading = 0;

/** Make the cards and connect the controls. */
export function prepare() {
  for (let i = 0; i < Number(by('five').dataset.cards); i += 1) cards.push(makeCard());
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
  return { element, pick, picture, name, set, bar: fill, percent, answer: null };
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

/** @param {number} id */
function choose(id) {
  chosen = id;
  drawAnswers(answers);
}

/** @param {number} id */
const title = (id) => answers.titles[id] ?? '';

/** @param {number[]} ids */
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

/** @param {number} id */
function addLabel(id) {
  const label = make('button', { type: 'button' }, make('b'), make('span'));
  label.onclick = () => choose(id);
  by('labels').firstElementChild?.append(label);
  labels.set(id, label);
  return label;
}

/** @param {Answer | undefined} answer */
const summary = (answer) => (answer ? `${answer.name} ${answer.similarity}%` : '');

function drawCards() {
  const { together, faces } = answers;
  const characters = chosen === 0 ? together : faces.find(({ id }) => id === chosen)?.five ?? [];
  cards.forEach((card, i) => fill(card, characters[i] ?? null));
  by('share').disabled = !characters.length;
  const key = characters[0]?.key ?? '';
  // Screen readers read this line, so it changes with the character and not with each percent.
  if (by('answers-summary').dataset.key !== key) {
    by('answers-summary').dataset.key = key;
    by('answers-summary').textContent = summary(characters[0]);
  }
}

/**
 * Show a character on a card, once its picture is there.
 * @param {Card} card
 * @param {Answer | null} answer
 */
async function fill(card, answer) {
  const { element, pick, picture, name, set, bar, percent } = card;
  const previous = card.answer?.key;
  card.answer = answer;
  if (!answer) return clear(card);
  if (previous !== answer.key || element.dataset.answer !== answer.key) {
    const { key } = answer;
    const found = characterPicture(answer).catch(() => null);
    setLoading(1);
    const late = new Promise((resolve) => { setTimeout(resolve, answers.wait_ms); });
    const part = await Promise.race([found, late]);
    setLoading(-1);
    const latest = /** @type {Answer | null} */ (card.answer);
    if (latest?.key !== key) return; // the card shows another one by now
    answer = latest;
    paint(picture, part);
    if (!part) found.then((later) => { if (card.answer?.key === key) paint(picture, later); });
    element.classList.remove('empty');
    element.dataset.answer = pick.value = key;
    pick.disabled = false;
    name.textContent = name.title = answer.name;
    set.textContent = answer.set;
    element.title = answer.design;
  }
  pick.checked = chosen !== null && (answers.picked[chosen] ?? '') === answer.key;
  bar.style.setProperty('--part', String(answer.similarity / 100));
  percent.textContent = `${answer.similarity}%`;
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
 * @param {Answer} answer
 * @returns {Promise<Part>}
 */
export async function characterPicture({ key, sheet: path, x, y, columns, rows }) {
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
  if (sheets.size > answers.sheets) sheets.delete(oldest);
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
