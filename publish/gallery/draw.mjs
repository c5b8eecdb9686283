// Draws avatars of DiceBear's styles as PNG files. publish/gallery/avatars.py runs it and decides what to
// draw. Reads one JSON array from standard input, a row for each style: package, folder, side, seeds, each,
// options. Prints a line for each avatar. Makes no choices of its own.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createAvatar } from "@dicebear/core";
import { Resvg, initWasm } from "@resvg/resvg-wasm";

await initWasm(readFileSync(createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm")));

for (const row of JSON.parse(readFileSync(0, "utf8"))) {
  const style = await import(row.package);
  const known = style.schema?.properties ?? {};
  for (const name of [...row.each, ...Object.keys(row.options)]) {
    if (!(name in known) && name !== "backgroundColor") {
      throw new Error(`${row.package} has no option ${name}`);
    }
  }
  row.seeds.forEach((seed, n) => {
    const options = { ...row.options, seed };
    for (const name of row.each) {
      const values = row.options[name] ?? known[name].items?.enum ?? known[name].default;
      options[name] = [values[n % values.length]];
    }
    const drawing = new Resvg(createAvatar(style, options).toString(), {
      fitTo: { mode: "width", value: row.side },
    });
    const image = drawing.render();
    writeFileSync(join(row.folder, `${n}.png`), image.asPng());
    image.free();
    drawing.free();
    console.log(`${row.package} ${n}`);
  });
}
