// Draws one picture of a face beside the character it resembles, and hands it to the visitor. Decides nothing.

import { look } from './answers.js';
import { download } from './own.js';

const [WIDTH, HEIGHT, SIDE, EDGE] = [1080, 720, 456, 56]; // of the picture, of each of the two in it
const TOP = 64;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

// `canvas` is the picture as it is shown; the rest is Python's: the faces' boxes in it, the character, the words.
export async function share(canvas, { boxes, row, words, name }) {
  const whole = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const draw = whole.getContext('2d');
  draw.fillStyle = '#101a18';
  draw.fillRect(0, 0, WIDTH, HEIGHT);
  draw.imageSmoothingQuality = 'high';
  inset(draw, EDGE, () => draw.drawImage(canvas, ...around(canvas, boxes), EDGE, TOP, SIDE, SIDE));
  const other = WIDTH - EDGE - SIDE;
  const found = await look(row).catch(() => null);
  inset(draw, other, () => {
    draw.fillStyle = '#dfe7e4';
    draw.fillRect(other, TOP, SIDE, SIDE);
    if (found) draw.drawImage(found.image, found.x, found.y, found.width, found.height, other, TOP, SIDE, SIDE);
  });
  const put = (text, x, y, size, colour, align = 'left', weight = 600) => {
    for (let high = size; high >= size / 2; high -= 1) { // a long name in smaller letters
      draw.font = `${weight} ${high}px ${FONT}`;
      if (draw.measureText(text).width <= SIDE) break;
    }
    Object.assign(draw, { fillStyle: colour, textAlign: align });
    draw.fillText(text, x, y, SIDE);
  };
  put(words.likeness.replace('{likeness}', row.likeness), EDGE, TOP + SIDE + 62, 44, '#5fd3b8', 'left', 700);
  put(row.name, other, TOP + SIDE + 58, 40, '#e8f1ee');
  put(row.set, other, TOP + SIDE + 98, 24, '#9db0ab', 'left', 400);
  draw.fillStyle = '#2a3835';
  draw.fillRect(EDGE, TOP + SIDE + 84, SIDE, 12);
  draw.fillStyle = '#5fd3b8';
  draw.fillRect(EDGE, TOP + SIDE + 84, (SIDE * row.likeness) / 100, 12);
  put(row.design, EDGE, HEIGHT - 34, 20, '#9db0ab', 'left', 400); // whose work is shared, under which licence
  put(words.foot, WIDTH - EDGE, HEIGHT - 34, 20, '#9db0ab', 'right', 400);
  const blob = await new Promise((resolve) => { whole.toBlob(resolve, 'image/png'); });
  const files = [new File([blob], name, { type: 'image/png' })];
  // Where there is a mouse a file is what one expects; a phone offers whom to send it to.
  if (!matchMedia('(pointer: coarse)').matches || !navigator.canShare?.({ files })) return download(blob, name);
  await navigator.share({ files }).catch((error) => error.name === 'AbortError' || download(blob, name));
}

// The square of the picture that holds the faces' boxes, with a margin; as much of it as there is.
function around({ width, height }, boxes) {
  const left = Math.min(...boxes.map(([x]) => x)) * width, right = Math.max(...boxes.map(([x, , w]) => x + w)) * width;
  const top = Math.min(...boxes.map(([, y]) => y)) * height, bottom = Math.max(...boxes.map(([, y, , h]) => y + h)) * height;
  const side = Math.min(width, height, 1.7 * Math.max(right - left, bottom - top));
  const within = (middle, most) => Math.min(Math.max(middle - side / 2, 0), most - side);
  return [within((left + right) / 2, width), within((top + bottom) / 2 - 0.06 * side, height), side, side];
}

function inset(draw, x, paint) {
  draw.save();
  draw.beginPath();
  draw.roundRect(x, TOP, SIDE, SIDE, 28);
  draw.clip();
  paint();
  draw.restore();
}
