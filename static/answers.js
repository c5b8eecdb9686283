// Draws the answers that Python gives: five cards, a tab for each face, labels on the picture. Decides nothing.

import { by, make } from './panel.js';
import * as own from './own.js';
import { tell, tellShown } from './workers.js';

const CARDS = 5;
const SHEETS = 12; // sheets kept decoded: of 640 x 640 pixels, as the build makes them, 1.6 MB each
const LATE = 1000; // ms a card waits for its picture, so that name and picture change together
const sheets = new Map(); // path -> promise of its image, the one used last at the end
const cards = [];
const labels = new Map(); // a face's id -> its label on the picture
let said = { faces: [], together: [] };
let waiting = 0; // cards that wait for their pictures
let face = null; // the face whose five are shown; 0: all together

export function prepare() {
  for (let i = 0; i < CARDS; i += 1) cards.push(card());
  by('five').append(...cards.map(({ element }) => element));
  by('faces').onchange = ({ target }) => choose(Number(target.value));
  by('share').onclick = () => tellShown({ type: 'share', face: face ?? 0 });
}

function card() {
  const pick = make('input', { type: 'radio', name: 'pick', disabled: true });
  const picture = make('canvas', { width: 1, height: 1, className: 'thumb' });
  const bar = make('span', { className: 'bar' }, make('i'));
  const [name, set, percent] = ['name', 'set', 'percent'].map((className) => make('span', { className }));
  const element = make('label', { className: 'card empty' }, pick, picture, name, set, bar, percent);
  pick.onchange = () => tell({ type: 'pick', face: face ?? 0, key: pick.value });
  return { element, pick, picture, name, set, bar, percent, row: null };
}

// `message` as app/page/compare.py makes it.
export function drawAnswers(message) {
  said = message;
  const ids = said.faces.map(({ id }) => id);
  if (said.together.length) ids.push(0);
  if (!ids.includes(face)) face = ids[0] ?? null;
  by('labels').style.setProperty('--ratio', said.picture[0] / said.picture[1]);
  by('answers-note').textContent = said.note || said.hint;
  drawTabs(ids);
  drawLabels();
  drawFive();
}

function choose(id) {
  face = id;
  drawAnswers(said);
}

const five = () => (face === 0 ? said.together : said.faces.find(({ id }) => id === face)?.five) ?? [];

function drawTabs(ids) {
  const shown = ids.length > 1 ? ids : [];
  const now = [...by('faces').querySelectorAll('input')];
  if (now.map(({ value }) => value).join() !== shown.join()) {
    const had = by('faces').contains(document.activeElement);
    by('faces').replaceChildren(...shown.map((id) => make('label', {},
      make('input', { type: 'radio', name: 'face', value: id }),
      make('span', { textContent: title(id) }))));
    if (had) by('faces').querySelector(`input[value="${face}"]`)?.focus();
  }
  for (const input of by('faces').querySelectorAll('input')) input.checked = Number(input.value) === face;
}

const title = (id) => said.titles[id] ?? '';

// A face keeps its label while it is seen, so that it moves and is not made anew.
function drawLabels() {
  const gone = new Set(labels.keys());
  for (const { id, box: [x, y, width, height], five: [first] } of said.faces) {
    gone.delete(id);
    if (!labels.has(id)) {
      const label = make('button', { type: 'button' }, make('b'), make('span'));
      label.onclick = () => choose(id);
      by('labels').firstElementChild.append(label);
      labels.set(id, label);
    }
    const label = labels.get(id);
    for (const [name, value] of Object.entries({ x, y, width, height })) label.style.setProperty(`--${name}`, value);
    label.ariaPressed = id === face;
    const words = first ? `${first.name} ${first.likeness}%` : '';
    if (label.firstChild.textContent !== title(id)) label.firstChild.textContent = title(id);
    if (label.lastChild.textContent !== words) label.lastChild.textContent = words;
  }
  for (const id of gone) {
    labels.get(id).remove();
    labels.delete(id);
  }
}

function drawFive() {
  const rows = five();
  cards.forEach((each, i) => fill(each, rows[i] ?? null));
  by('share').disabled = !rows.length;
  const words = rows.length ? `${rows[0].name} ${rows[0].likeness}%` : '';
  if (by('answers-said').dataset.key !== (rows[0]?.key ?? '')) {
    by('answers-said').dataset.key = rows[0]?.key ?? '';
    by('answers-said').textContent = words;
  }
}

async function fill(each, row) {
  const { element, pick, picture, name, set, bar, percent } = each;
  const before = each.row?.key;
  each.row = row;
  if (!row) {
    element.classList.add('empty');
    delete element.dataset.answer;
    element.removeAttribute('title');
    pick.disabled = true;
    pick.checked = false;
    name.textContent = set.textContent = percent.textContent = '';
    bar.firstChild.style.removeProperty('--part');
    return;
  }
  if (before !== row.key || element.dataset.answer !== row.key) {
    const { key } = row, coming = look(row).catch(() => null);
    by('five').ariaBusy = Boolean(waiting += 1);
    const found = await Promise.race([coming, new Promise((done) => { setTimeout(done, LATE); })]);
    by('five').ariaBusy = Boolean(waiting -= 1);
    if (each.row?.key !== key) return; // another has come meanwhile
    row = each.row;
    paint(picture, found);
    if (!found) coming.then((late) => { if (each.row?.key === key) paint(picture, late); });
    element.classList.remove('empty');
    element.dataset.answer = pick.value = row.key;
    pick.disabled = false;
    [name.textContent, name.title, set.textContent, element.title] = [row.name, row.name, row.set, row.design];
  }
  pick.checked = (said.picked[face] ?? '') === row.key;
  bar.firstChild.style.setProperty('--part', row.likeness / 100);
  percent.textContent = `${row.likeness}%`;
}

// A character's picture: an image and the part of it. Sheets are loaded when one of their characters is shown.
export async function look(row) {
  if (!row.sheet) {
    const image = await own.picture(row.key);
    return { image, x: 0, y: 0, width: image.width, height: image.height };
  }
  const image = await sheet(row.sheet);
  const [width, height] = [image.naturalWidth / row.columns, image.naturalHeight / row.rows];
  return { image, x: row.x * width, y: row.y * height, width, height };
}

function sheet(path) {
  const found = sheets.get(path) ?? decoded(path);
  sheets.delete(path);
  sheets.set(path, found);
  if (sheets.size > SHEETS) sheets.delete(sheets.keys().next().value);
  return found;
}

async function decoded(path) {
  const image = Object.assign(new Image(), { src: path });
  try {
    await image.decode();
  } catch (error) {
    sheets.delete(path); // asked for again the next time
    throw error;
  }
  return image;
}

function paint(canvas, found) {
  const size = Math.round(found?.width ?? 1);
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const draw = canvas.getContext('2d');
  draw.clearRect(0, 0, size, size);
  if (found) draw.drawImage(found.image, found.x, found.y, found.width, found.height, 0, 0, size, size);
}
