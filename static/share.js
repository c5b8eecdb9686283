// @ts-check
// Owns the picture that a visitor shares: a face beside the character it resembles, as a file.
// Does not choose the face, the character, the words or the file's name: Python's `share-card` message does.

/** @import { ShareCard } from '../types/messages' */

/** Left, top, width and height as shares of the picture. @typedef {[number, number, number, number]} Box */

import { characterPicture } from './answers.js';
import { download } from './own.js';
import { context2d, make } from './panel.js';

const [WIDTH, HEIGHT] = [1080, 720]; // pixels of the whole picture
const [SIDE, EDGE, TOP] = [456, 56, 64]; // of each of the two pictures in it, and where they are
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const [BACKGROUND, EMPTY, TRACK] = ['#101a18', '#dfe7e4', '#2a3835'];
const [ACCENT, TEXT, QUIET] = ['#5fd3b8', '#e8f1ee', '#9db0ab'];

/**
 * Draw the picture and hand it out: by the share sheet on a device with a touch screen, else as a download.
 * @param {HTMLCanvasElement} canvas the picture on screen, in which the boxes of the faces are
 * @param {ShareCard} message
 */
export async function share(canvas, { boxes, answer, words, name }) {
  const whole = make('canvas', { width: WIDTH, height: HEIGHT });
  const draw = context2d(whole);
  const right = WIDTH - EDGE - SIDE;
  draw.fillStyle = BACKGROUND;
  draw.fillRect(0, 0, WIDTH, HEIGHT);
  draw.imageSmoothingQuality = 'high';
  inset(draw, EDGE, () => draw.drawImage(canvas, ...around(canvas, boxes), EDGE, TOP, SIDE, SIDE));
  const part = await characterPicture(answer).catch(() => null);
  inset(draw, right, () => {
    draw.fillStyle = EMPTY;
    draw.fillRect(right, TOP, SIDE, SIDE);
    if (part) draw.drawImage(part.image, part.x, part.y, part.width, part.height, right, TOP, SIDE, SIDE);
  });
  const similarity = words.similarity.replace('{similarity}', String(answer.similarity));
  const bottom = TOP + SIDE;
  write(draw, similarity, EDGE, bottom + 62, { size: 44, colour: ACCENT, weight: 700 });
  write(draw, answer.name, right, bottom + 58, { size: 40, colour: TEXT });
  write(draw, answer.set, right, bottom + 98, { size: 24, colour: QUIET, weight: 400 });
  draw.fillStyle = TRACK;
  draw.fillRect(EDGE, bottom + 84, SIDE, 12);
  draw.fillStyle = ACCENT;
  draw.fillRect(EDGE, bottom + 84, (SIDE * answer.similarity) / 100, 12);
  // Whose design the character is, and under which licence.
  const small = { size: 20, colour: QUIET, weight: 400 };
  write(draw, answer.design, EDGE, HEIGHT - 34, small);
  write(draw, words.foot, WIDTH - EDGE, HEIGHT - 34, { ...small, align: 'right' });
  const blob = await /** @type {Promise<Blob>} */ (new Promise((resolve) => {
    whole.toBlob((made) => resolve(/** @type {Blob} */ (made)), 'image/png');
  }));
  const files = [new File([blob], name, { type: 'image/png' })];
  if (!matchMedia('(pointer: coarse)').matches || !navigator.canShare?.({ files })) {
    download(blob, name);
  } else {
    await navigator.share({ files }).catch((error) => {
      if (error.name !== 'AbortError') download(blob, name);
    });
  }
}

/**
 * Write a line, in smaller letters where it is too long.
 * @param {CanvasRenderingContext2D} draw
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {{ size: number, colour: string, weight?: number, align?: CanvasTextAlign }} style
 */
function write(draw, text, x, y, { size, colour, weight = 600, align = 'left' }) {
  for (let height = size; height >= size / 2; height -= 1) {
    draw.font = `${weight} ${height}px ${FONT}`;
    if (draw.measureText(text).width <= SIDE) break;
  }
  Object.assign(draw, { fillStyle: colour, textAlign: align });
  draw.fillText(text, x, y, SIDE);
}

/**
 * The square of the picture that holds the faces with a margin, or as much of it as there is: x, y, width,
 * height.
 * @param {HTMLCanvasElement} canvas
 * @param {Box[]} boxes
 * @returns {Box}
 */
function around({ width, height }, boxes) {
  const left = Math.min(...boxes.map(([x]) => x)) * width;
  const right = Math.max(...boxes.map(([x, , w]) => x + w)) * width;
  const top = Math.min(...boxes.map(([, y]) => y)) * height;
  const bottom = Math.max(...boxes.map(([, y, , h]) => y + h)) * height;
  const side = Math.min(width, height, 1.7 * Math.max(right - left, bottom - top));
  const within = (/** @type {number} */ middle, /** @type {number} */ most) =>
    Math.min(Math.max(middle - side / 2, 0), most - side);
  return [within((left + right) / 2, width), within((top + bottom) / 2 - 0.06 * side, height), side, side];
}

/**
 * Paint inside a square with round corners.
 * @param {CanvasRenderingContext2D} draw
 * @param {number} x
 * @param {() => void} paint
 */
function inset(draw, x, paint) {
  draw.save();
  draw.beginPath();
  draw.roundRect(x, TOP, SIDE, SIDE, 28);
  draw.clip();
  paint();
  draw.restore();
}
