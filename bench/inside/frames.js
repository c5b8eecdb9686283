// Draws `count` pictures of the sample scene, 640 x 480, into globalThis.frames. Measures nothing.
async ([{ room, person, width, height, sway }, count, base]) => {
  const picture = async (path) => createImageBitmap(await (await fetch(new URL(path, base))).blob());
  const [back, front] = await Promise.all([picture(room), picture(person)]);
  const canvas = new OffscreenCanvas(640, 480);
  const draw = canvas.getContext('2d', { willReadFrequently: true });
  globalThis.frames = [];
  for (let i = 0; i < count; i++) {
    draw.setTransform(640 / width, 0, 0, 480 / height, 0, 0);
    draw.drawImage(back, 0, 0, width, height);
    draw.translate(width / 2 + sway.x.reach * Math.sin((2 * Math.PI * i) / count), height + sway.low);
    draw.scale(sway.size, sway.size);
    draw.drawImage(front, -front.width / 2, -front.height);
    globalThis.frames.push(await createImageBitmap(canvas));
  }
  return globalThis.frames.length;
}
