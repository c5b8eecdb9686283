// Makes globalThis.pixels(shape, range): the first of globalThis.frames as Float32Array [1,H,W,3], byte * scale + offset.
() => {
  globalThis.pixels = ([, height, width], { scale, offset }) => {
    const draw = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    draw.drawImage(globalThis.frames[0], 0, 0, width, height);
    const { data } = draw.getImageData(0, 0, width, height);
    const values = new Float32Array(3 * width * height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) values[3 * i + c] = data[4 * i + c] * scale + offset;
    }
    return values;
  };
}
