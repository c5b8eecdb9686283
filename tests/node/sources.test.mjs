// The bounds of a picture file in static/sources.js: what is refused, what is made smaller, to which size.
// Does not decode anything: a fake browser says how large a file's picture is.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { still } from '../../static/sources.js';

const BOUNDS = { photo: [1920, 1080], megabytes: 25, megapixels: 50 };

let picture; // width and height of the file's picture; [0, 0]: it is none
let readable; // whether it can be decoded
let decoded; // the options of each decoding
let reported;

globalThis.Image = class {
  set src(url) { this.url = url; }
  get src() { return this.url; }
  set onload(loaded) { queueMicrotask(loaded); }
  get naturalWidth() { return picture[0]; }
  get naturalHeight() { return picture[1]; }
};
URL.createObjectURL = () => 'blob:fake';
URL.revokeObjectURL = () => {};
globalThis.createImageBitmap = async (file, options) => {
  decoded.push(options);
  if (!readable) throw new Error('not a picture');
  return { width: options.resizeWidth ?? picture[0], height: options.resizeHeight ?? picture[1] };
};

beforeEach(() => {
  readable = true;
  [decoded, reported] = [[], []];
  delete globalThis.ImageDecoder;
});

/** Open a file of this many bytes whose picture has this size. */
function opened(size, bytes = 1e6, type = 'image/png') {
  picture = size;
  const report = (name, figures) => { reported.push([name, figures]); };
  return still({ size: bytes, type, stream: () => null }, BOUNDS, report);
}

test('a picture within the bounds keeps its size', async () => {
  assert.deepEqual(await opened([1920, 1080]), { width: 1920, height: 1080 });
  assert.deepEqual(decoded, [{ imageOrientation: 'from-image' }]);
  assert.deepEqual(reported, []);
});

for (const [size, smaller] of [
  [[3840, 2160], [1920, 1080]],
  [[2160, 3840], [608, 1080]],
  [[8000, 500], [1920, 120]],
  [[40_000, 10], [1920, 1]], // no side vanishes
  [[1921, 1080], [1920, 1079]],
]) {
  test(`${size.join(' x ')} is shown at ${smaller.join(' x ')}, in its own proportions`, async () => {
    const [width, height] = smaller;
    assert.deepEqual(await opened(size), { width, height });
    const [from, to] = [{ width: size[0], height: size[1] }, `${width} × ${height}`];
    assert.deepEqual(reported, [['bounded', { ...from, shown: to }]]);
  });
}

test('a file that is too large is not opened', async () => {
  assert.equal(await opened([10, 10], 25.6e6), undefined);
  assert.deepEqual(reported, [['large', { size: 26, most: 25 }]]);
  assert.ok(await opened([10, 10], 25.4e6));
});

test('a picture with too many pixels is not decoded', async () => {
  assert.equal(await opened([10_000, 5001]), undefined);
  assert.deepEqual(reported, [['pixels', { megapixels: 51, most: 50 }]]);
  assert.deepEqual(decoded, []);
  assert.ok(await opened([10_000, 5000]));
});

test('a file that is no picture is reported, whatever its size', async () => {
  assert.equal(await opened([0, 0]), undefined);
  readable = false;
  assert.equal(await opened([10, 10]), undefined);
  assert.equal(await opened([4000, 4000]), undefined);
  assert.deepEqual(reported, [['decode', undefined], ['decode', undefined], ['decode', undefined]]);
});

test('a JPEG is decoded at a part of its size where the browser tells how it is turned', async () => {
  const asked = [];
  let closed = 0;
  const frame = { rotation: 90, close() { closed += 1; } };
  globalThis.ImageDecoder = class {
    constructor({ desiredWidth, desiredHeight }) { asked.push([desiredWidth, desiredHeight]); }
    decode() { return Promise.resolve({ image: frame }); }
    close() { closed += 1; }
  };
  assert.deepEqual(await opened([3840, 2160], 1e6, 'image/jpeg'), { width: 1920, height: 1080 });
  assert.deepEqual(asked, [[2880, 2880]]);
  assert.equal(closed, 2);
  assert.equal(decoded.length, 1, 'the small picture alone');
  delete frame.rotation;
  assert.deepEqual(await opened([3840, 2160], 1e6, 'image/jpeg'), { width: 1920, height: 1080 });
  assert.deepEqual(decoded.at(-1).imageOrientation, 'from-image', 'decoded whole');
});
