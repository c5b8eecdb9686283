// @ts-check
// Owns the memory in which a camera's pictures are sampled and composed, by the row kernels of pixels.wasm.
// Does not choose a size, a background or a strength: Python does. Takes YUV pictures only; others are drawn
// on 2D canvases. models/pixels/kernels.py says what each kernel does.

/** Rows of bytes: of luma, chroma, the person's share or a colour. */
/** @typedef {{ at: number, width: number, height: number, stride: number }} Plane */
/** Red, green and blue behind the person; `fixed`: not mirrored with the frame. */
/** @typedef {{ planes: Plane[], smooth: boolean, fixed: boolean }} Background */
/** Columns of a resampled row. @typedef {{ at: number, blocks: number }} Table */

const ROOM = 64; // bytes behind each array: kernels read and write whole blocks
const PAGE = 65536;
const FORMATS = ['I420', 'NV12'];
const MOST_STEP = 4; // pixels from one column to the next that `resample` can skip
// Matrix -> the share of red and blue in luma (ITU-R BT.601, BT.709, BT.2020).
const SHARES = /** @type {Record<string, number[]>} */ ({
  bt709: [0.2126, 0.0722], smpte170m: [0.299, 0.114], bt470bg: [0.299, 0.114], 'bt2020-ncl': [0.2627, 0.0593],
});

/** @param {number} value @param {number} most */
const limit = (value, most) => Math.max(0, Math.min(most, value));
/** @param {number} share 0 to 1 */
const q15 = (share) => Math.min(32767, Math.round(share * 32768));

export class Pixels {
  /** @param {WebAssembly.Exports} kernels */
  constructor(kernels) {
    /** @type {Record<string, (...args: number[]) => number>} */
    this.kernels = /** @type {any} */ (kernels);
    this.memory = /** @type {WebAssembly.Memory} */ (kernels.memory);
    this.size = [0, 0];
    /** @type {unknown} */
    this.picture = null;
    /** @type {Plane[]} */
    this.planes = [];
    /** @type {Plane | null} */
    this.person = null;
    /** @type {Background | null} */
    this.background = null;
    this.top = 0;
    /** The number of the backdrop in memory. */
    this.read = 0;
    /** @type {Map<string, { at: number, bytes: number, most: number }>} */
    this.places = new Map();
    /** @type {Map<string, Table>} */
    this.tables = new Map();
    this.coefficients = 0;
    /** @type {Uint8Array<ArrayBuffer>} */
    this.bytes = new Uint8Array();
  }

  /** @param {string} url */
  static async open(url) {
    const { instance } = await WebAssembly.instantiateStreaming(fetch(url));
    return new Pixels(instance.exports);
  }

  /**
   * Copy a picture's planes. Gives whether it is one that can be sampled and composed here.
   * @param {VideoFrame | ImageBitmap} picture
   */
  async take(picture) {
    this.picture = null;
    if (!('format' in picture) || !FORMATS.includes(picture.format ?? '')) return false;
    const { displayWidth: width, displayHeight: height, visibleRect, colorSpace } = picture;
    const turned = /** @type {{ rotation?: number, flip?: boolean }} */ (/** @type {unknown} */ (picture));
    if (turned.rotation || turned.flip) return false;
    if (!visibleRect || visibleRect.width !== width || visibleRect.height !== height) return false;
    if (width % 8 || height % 2 || width < 32) return false;
    if (this.size[0] !== width || this.size[1] !== height) {
      this.size = [width, height];
      [this.top, this.person, this.background, this.read] = [16, null, null, 0];
      this.places.clear();
      this.tables.clear();
    }
    const length = picture.allocationSize();
    const from = this.place('planes', length);
    const layout = await picture.copyTo(this.bytes.subarray(from, from + length));
    const [half, low] = [width / 2, height / 2];
    this.planes = layout.map(({ offset, stride }, i) => (
      { at: from + offset, width: i ? half : width, height: i ? low : height, stride }));
    if (picture.format === 'NV12') this.planes.splice(1, 1, ...this.part(this.planes[1]));
    this.convert(colorSpace);
    this.picture = picture;
    return true;
  }

  /** Whether this is the picture that was taken last. @param {unknown} picture */
  holds(picture) {
    return picture === this.picture && picture !== null;
  }

  /**
   * The picture at another size as RGBA; black beside it.
   * @param {number} width
   * @param {number} height
   * @param {number} left of the picture, as a share, like the next three
   * @param {number} top
   * @param {number} w
   * @param {number} h
   * @param {Uint8Array} rgba
   */
  sample(width, height, left, top, w, h, rgba) {
    const [x, y] = [Math.round(left * width), Math.round(top * height)];
    const [columns, rows] = [Math.max(1, Math.round(w * width)), Math.max(1, Math.round(h * height))];
    const small = this.small('sample', columns, rows);
    if (columns === width && rows === height) {
      rgba.set(this.bytes.subarray(small, small + 4 * width * height));
    } else {
      new Uint32Array(rgba.buffer, rgba.byteOffset, width * height).fill(0xff000000);
      for (let row = 0; row < rows; row += 1) {
        const at = small + 4 * columns * row;
        rgba.set(this.bytes.subarray(at, at + 4 * columns), 4 * ((y + row) * width + x));
      }
    }
  }

  /**
   * How much a sample differs from the one that is kept under a name: the largest mean difference of a byte
   * among its tiles; 255 where none of this size is kept.
   * @param {string} name
   * @param {Uint8Array} rgba
   * @param {number} width
   * @param {number} height
   */
  difference(name, rgba, width, height) {
    const known = this.places.get(`kept ${name}`)?.bytes === rgba.length;
    const [now, kept] = [this.place('now', rgba.length), this.place(`kept ${name}`, rgba.length)];
    this.bytes.set(rgba, now);
    if (!known) return 255;
    let most = 0;
    const [wide, tall] = [32, 16]; // pixels of a tile
    for (let y = 0; y + tall <= height; y += tall) {
      for (let x = 0; x + wide <= width; x += wide) {
        const at = 4 * (y * width + x);
        most = Math.max(most, this.kernels.difference(now + at, kept + at, wide / 4, tall, 4 * width));
      }
    }
    return most / (3 * wide * tall); // alpha never differs
  }

  /**
   * Keep the sample that `difference` was given last.
   * @param {string} name
   */
  keep(name) {
    const [now, kept] = [this.places.get('now'), this.places.get(`kept ${name}`)];
    if (now && kept) this.bytes.copyWithin(kept.at, now.at, now.at + now.bytes);
  }

  /**
   * The person's share of each pixel: the alpha of an RGBA picture, of which the frame covers a part.
   * @param {Uint8Array} rgba
   * @param {number} width
   * @param {number} height
   * @param {number} left of the part in pixels, like the next three
   * @param {number} top
   * @param {number} w
   * @param {number} h
   */
  matte(rgba, width, height, left, top, w, h) {
    const from = this.place('matte rgba', rgba.length);
    const to = this.place('matte', width * height);
    this.bytes.set(rgba, from);
    this.kernels.alpha(from, to, Math.ceil((width * height) / 16));
    const [x, y] = [Math.round(left), Math.round(top)];
    this.person = {
      at: to + y * width + x, width: Math.round(w), height: Math.round(h), stride: width,
    };
    this.background = null;
  }

  /** A colour behind the person. @param {number} red @param {number} green @param {number} blue */
  fill(red, green, blue) {
    const planes = this.three('fill', 1, 1);
    [red, green, blue].forEach((value, i) => { this.bytes[planes[i].at] = value; });
    this.background = { planes, smooth: false, fixed: true };
  }

  /**
   * A picture behind the person, which is never mirrored. It is read where its number is another one.
   * @param {OffscreenCanvasRenderingContext2D} context
   * @param {number} picture
   */
  backdrop(context, picture) {
    const { width, height } = context.canvas;
    const planes = this.three('backdrop', width, height);
    if (this.read !== picture) {
      this.read = picture;
      const { data } = context.getImageData(0, 0, width, height);
      planes.forEach(({ at }, channel) => {
        for (let i = 0, j = channel; i < width * height; i += 1, j += 4) this.bytes[at + i] = data[j];
      });
    }
    this.background = { planes, smooth: true, fixed: true };
  }

  /**
   * The picture at this size without the person, blurred.
   * @param {number} width
   * @param {number} height
   * @param {number} sigma in pixels of that size
   */
  blurred(width, height, sigma) {
    const person = /** @type {Plane} */ (this.person);
    const rgba = this.small('blurred rgba', width, height);
    const [a, b] = [this.place('room a', 16 * width * height), this.place('room b', 16 * width * height)];
    const table = this.table(width, person.width, person.width / width);
    const rows = this.lines(person, table, height, 'share');
    for (let y = 0; y < height; y += 1) {
      const [first, second, weight] = rows(y);
      this.kernels.room(rgba + 4 * width * y, weight < 16384 ? first : second, a + 16 * width * y, width);
    }
    for (const radius of radii(sigma)) {
      const inverse = this.place('inverse', 16);
      new Float32Array(this.memory.buffer, inverse, 4).fill(1 / (2 * radius + 1));
      for (let y = 0; y < height; y += 1) {
        this.kernels.box(a + 16 * width * y, b + 16 * width * y, width, 16, radius, inverse);
      }
      for (let x = 0; x < width; x += 1) {
        this.kernels.box(b + 16 * x, a + 16 * x, height, 16 * width, radius, inverse);
      }
    }
    const planes = this.three('blurred', width, height);
    this.kernels.colours(a, planes[0].at, planes[1].at - planes[0].at, width * height);
    return { planes, smooth: true, fixed: false };
  }

  /**
   * @param {Background} background
   * @param {number} width
   * @param {number} height
   */
  scaled(background, width, height) {
    const to = this.three('scaled', width, height);
    background.planes.forEach((plane, i) => this.resize(plane, to[i], `scaled ${i}`));
    return { ...background, planes: to };
  }

  /** @param {Background} background @param {boolean} smooth */
  stretch(background, smooth) {
    this.background = { ...background, smooth };
  }

  /**
   * Compose the picture: the frame as it is, or the person over the background, or the person alone.
   * @param {number} width
   * @param {number} height
   * @param {boolean} whole whether the frame is shown as it is
   * @param {boolean} mirror
   */
  compose(width, height, whole, mirror) {
    const [y, u, v] = this.shown(width, height);
    const picture = this.place('picture', 4 * width * height);
    const line = mirror ? this.place('line', 4 * width) : 0;
    const { kernels, coefficients } = this;
    const shares = whole ? null : this.person && this.lines(
      this.person, this.table(width, this.person.width, this.person.width / width), height, 'person');
    if (!whole && !shares) throw new Error('There is no matte to compose with.');
    const behind = shares && this.background && this.behind(this.background, width, height, mirror);
    for (let row = 0; row < height; row += 1) {
      const at = picture + 4 * width * row;
      const chroma = row >> 1;
      const rows = [y.at + y.stride * row, u.at + u.stride * chroma, v.at + v.stride * chroma];
      const given = [...rows, line || at, width / 8, coefficients];
      if (!shares) kernels.rgba420(...given);
      else if (!behind) kernels.cut(...given, ...shares(row));
      else kernels.compose(...given, ...shares(row), ...behind(row));
      if (mirror) kernels.mirror(line, at + 4 * width, width / 4);
    }
    const pixels = new Uint8ClampedArray(this.bytes.buffer, picture, 4 * width * height);
    return new ImageData(pixels, width, height);
  }

  // ---- rows ----

  /**
   * The rows of red behind a row of the picture, the weight of the second, and how far green and blue are.
   * @param {Background} background
   * @param {number} width
   * @param {number} height
   * @param {boolean} mirror
   */
  behind({ planes, smooth, fixed }, width, height, mirror) {
    const [{ width: columns }] = planes;
    const turned = mirror && fixed;
    const table = this.table(width, columns, columns / width, smooth, turned);
    const stride = 2 * width + ROOM;
    const rows = planes.map((plane, i) => (
      this.lines(plane, table, height, 'behind', smooth, 2 * stride * i, 6 * stride)));
    return (/** @type {number} */ row) => {
      const [first, second, weight] = rows[0](row);
      rows[1](row);
      rows[2](row);
      return [first, second, weight, 2 * stride];
    };
  }

  /**
   * A function that gives the two resampled rows (Q7) around a row of the result, and the second's weight.
   * Rows have to be asked for from the first to the last.
   * @param {Plane} plane
   * @param {Table} table
   * @param {number} height
   * @param {string} name of the memory for two rows
   * @param {boolean} [smooth]
   * @param {number} [offset] of these rows in that memory
   * @param {number} [total] bytes of that memory
   */
  lines(plane, table, height, name, smooth = true, offset = 0, total = 0) {
    const stride = 16 * table.blocks + ROOM;
    const to = this.place(`rows ${name}`, total || 2 * stride) + offset;
    const held = [-1, -1];
    const row = (/** @type {number} */ index) => {
      const at = to + stride * (index & 1);
      if (held[index & 1] !== index) {
        this.kernels.resample(plane.at + plane.stride * index, at, table.at, table.blocks);
        held[index & 1] = index;
      }
      return at;
    };
    const scale = plane.height / height, last = plane.height - 1;
    return (/** @type {number} */ y) => {
      const place = smooth ? (y + 0.5) * scale - 0.5 : Math.floor((y + 0.5) * scale);
      const first = limit(Math.floor(place), last);
      return [row(first), row(Math.min(first + 1, last)), q15(limit(place - first, 1))];
    };
  }

  /**
   * The columns of a resampled row, made once.
   * @param {number} width of the result
   * @param {number} columns of the row
   * @param {number} scale columns of the row for one of the result
   * @param {boolean} [smooth]
   * @param {boolean} [turned] whether the result is the row's mirror image
   */
  table(width, columns, scale, smooth = true, turned = false) {
    const name = `${width} ${columns} ${scale} ${smooth} ${turned}`;
    const known = this.tables.get(name);
    if (known) return known;
    const blocks = Math.ceil(width / 8);
    const at = this.place(`table ${name}`, 48 * blocks);
    const view = new DataView(this.memory.buffer);
    for (let block = 0; block < blocks; block += 1) {
      const places = Array.from({ length: 8 }, (_, i) => {
        const x = turned ? width - 1 - (8 * block + i) : 8 * block + i;
        return smooth ? (x + 0.5) * scale - 0.5 : Math.floor((x + 0.5) * scale);
      });
      const first = places.map((place) => limit(Math.floor(place), columns - 1));
      const base = Math.min(...first);
      view.setInt32(at + 48 * block, base, true);
      first.forEach((left, i) => {
        const right = Math.min(left + 1, columns - 1);
        view.setUint8(at + 48 * block + 16 + i, left - base);
        view.setUint8(at + 48 * block + 24 + i, right - base);
        view.setInt16(at + 48 * block + 32 + 2 * i, q15(limit(places[i] - left, 1)), true);
      });
    }
    const table = { at, blocks };
    this.tables.set(name, table);
    return table;
  }

  // ---- planes ----

  /**
   * The picture at this size as RGBA; gives its place.
   * @param {string} name
   * @param {number} width
   * @param {number} height
   */
  small(name, width, height) {
    const rgba = this.place(name, 4 * width * height);
    const blocks = Math.ceil(width / 8);
    const rows = this.planes.map((plane, i) => {
      const near = this.near(plane, width, `${name} ${i}`);
      return this.thin(near, width, height, `${name} ${i}`);
    });
    for (let y = 0; y < height; y += 1) {
      const [a, b, c] = rows.map((row) => row(y));
      this.kernels.rgba444(a, b, c, rgba + 4 * width * y, blocks, this.coefficients);
    }
    return rgba;
  }

  /**
   * A function that gives a row (Q7) of a plane at another size; blends two rows, then resamples.
   * @param {Plane} plane
   * @param {number} width
   * @param {number} height
   * @param {string} name
   */
  thin(plane, width, height, name) {
    const table = this.table(width, plane.width, plane.width / width);
    const mixed = this.place(`blend ${name}`, plane.width + 16);
    const row = this.place(`row ${name}`, 16 * table.blocks);
    const scale = plane.height / height, last = plane.height - 1;
    const blocks = Math.ceil(plane.width / 16);
    return (/** @type {number} */ y) => {
      const place = (y + 0.5) * scale - 0.5;
      const first = limit(Math.floor(place), last);
      const [a, b] = [first, Math.min(first + 1, last)].map((index) => plane.at + plane.stride * index);
      this.kernels.blend(a, b, q15(limit(place - first, 1)), mixed, blocks);
      this.kernels.resample(mixed, row, table.at, table.blocks);
      return row;
    };
  }

  /**
   * A plane, halved until `resample` can reach over its columns.
   * @param {Plane} plane
   * @param {number} width
   * @param {string} name
   */
  near(plane, width, name) {
    let { at, width: columns, height, stride } = plane;
    for (let turn = 0; columns / width > MOST_STEP && height > 1; turn += 1) {
      const [half, low] = [columns >> 1, height >> 1];
      const to = this.place(`half ${name} ${turn}`, half * low);
      for (let y = 0; y < low; y += 1) {
        const row = at + 2 * stride * y;
        this.kernels.halve(row, row + stride, to + half * y, Math.ceil(half / 8));
      }
      [at, columns, height, stride] = [to, half, low, half];
    }
    return { at, width: columns, height, stride };
  }

  /** @param {Plane} plane @param {Plane} to @param {string} name */
  resize(plane, to, name) {
    const row = this.thin(this.near(plane, to.width, name), to.width, to.height, name);
    for (let y = 0; y < to.height; y += 1) {
      this.kernels.pack(row(y), to.at + to.stride * y, Math.ceil(to.width / 8));
    }
  }

  /** Luma and chroma at the size at which they are shown. @param {number} width @param {number} height */
  shown(width, height) {
    if (width === this.size[0] && height === this.size[1]) return this.planes;
    return this.planes.map((plane, i) => {
      const [w, h] = i ? [width / 2, Math.ceil(height / 2)] : [width, height];
      const to = { at: this.place(`shown ${i}`, w * h), width: w, height: h, stride: w };
      this.resize(plane, to, `shown ${i}`);
      return to;
    });
  }

  /** Three planes of this size. @param {string} name @param {number} width @param {number} height */
  three(name, width, height) {
    const bytes = width * height + ROOM;
    const at = this.place(name, 3 * bytes);
    return [0, 1, 2].map((i) => ({ at: at + bytes * i, width, height, stride: width }));
  }

  /** NV12's chroma as two planes. @param {Plane} pairs */
  part({ at, width, height, stride }) {
    const to = [0, 1].map((i) => (
      { at: this.place(`chroma ${i}`, width * height), width, height, stride: width }));
    for (let y = 0; y < height; y += 1) {
      this.kernels.part(at + stride * y, to[0].at + width * y, to[1].at + width * y, Math.ceil(width / 8));
    }
    return to;
  }

  // ---- memory ----

  /**
   * The place of a named array, which keeps its place until the pictures have another size.
   * @param {string} name
   * @param {number} bytes
   */
  place(name, bytes) {
    const known = this.places.get(name);
    if (known && known.bytes === bytes) return known.at;
    if (known && known.most >= bytes) {
      known.bytes = bytes;
      return known.at;
    }
    const at = this.top;
    this.top += 16 * Math.ceil((bytes + ROOM) / 16);
    const missing = this.top - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    if (this.bytes.buffer !== this.memory.buffer) {
      this.bytes = new Uint8Array(/** @type {ArrayBuffer} */ (this.memory.buffer));
    }
    this.places.set(name, { at, bytes, most: bytes });
    return at;
  }

  /** The coefficients of a colour space. @param {VideoColorSpace} space */
  convert({ matrix, fullRange }) {
    const [red, blue] = SHARES[matrix ?? ''] ?? SHARES.smpte170m;
    const green = 1 - red - blue;
    const [black, luma, chroma] = fullRange ? [0, 1, 1] : [16, 255 / 219, 255 / 224];
    const numbers = [
      black * 128, (luma / 2) * 32768,
      ...[2 * (1 - red), (-2 * blue * (1 - blue)) / green, (-2 * red * (1 - red)) / green, 2 * (1 - blue)]
        .map((each) => (each * chroma * 32768) / 4),
    ];
    this.coefficients = this.place('coefficients', 96);
    const view = new Int16Array(this.memory.buffer, this.coefficients, 48);
    numbers.forEach((number, i) => view.fill(Math.round(number), 8 * i, 8 * i + 8));
  }
}

/**
 * Radii of three boxes whose sequence blurs like a Gaussian (W3C Filter Effects, feGaussianBlur).
 * @param {number} sigma
 */
function radii(sigma) {
  const ideal = Math.sqrt(4 * sigma * sigma + 1);
  let low = Math.floor(ideal);
  if (low % 2 === 0) low -= 1;
  const count = Math.round((12 * sigma * sigma - 3 * low * low - 12 * low - 9) / (-4 * low - 4));
  return [0, 1, 2].map((i) => ((i < count ? low : low + 2) - 1) / 2).filter((radius) => radius > 0);
}
