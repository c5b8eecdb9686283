// Starts Python as the page does, under Node, and prints as JSON what is there. Run by test_start.py.
// Does not test the page's own JavaScript.
//
// arguments: address of a served dist/, folder of that dist/, "snapshot" or "ordinary", names taken from `js`
// as JSON
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [address, dist, way, names] = process.argv.slice(2);
const manifest = JSON.parse(await readFile(resolve(dist, "manifest.json")));
const { base, start: parts, snapshot, wheels } = manifest.pyodide;
const indexURL = resolve(dist, base) + "/";
const { loadPyodide } = await import(pathToFileURL(indexURL + "pyodide.mjs"));

// A browser's worker has them all.
for (const name of JSON.parse(names)) globalThis[name] ??= function () {};

console.info = console.error; // only the result goes to standard output
const begun = performance.now();
try {
  let pyodide;
  if (way === "snapshot") {
    const read = (path) => readFile(resolve(dist, path));
    globalThis.navigator ??= { userAgent: "Node" };
    const { begin } = await import(pathToFileURL(resolve(dist, "python.js")));
    pyodide = await begin({
      ...parts,
      script: import(pathToFileURL(resolve(dist, parts.script))),
      core: read(parts.core).then((bytes) => WebAssembly.compile(bytes)),
      snapshot: read(snapshot.path).then((bytes) => new Uint8Array(bytes).buffer),
      rest: () => readFileSync(resolve(dist, parts.rest)),
    });
  } else {
    pyodide = await loadPyodide({ indexURL });
    const [micropip, ours] = wheels.map(({ path }) => address + path);
    await pyodide.loadPackage(micropip, { messageCallback: () => {} });
    await pyodide.pyimport("micropip").install.callKwargs(ours, { deps: false });
  }
  const ms = performance.now() - begun;
  pyodide.registerJsModule("page", {});
  const found = pyodide.runPython(await readFile(new URL("start_inside.py", import.meta.url), "utf8"));
  process.stdout.write(JSON.stringify({ ms, ...JSON.parse(found) }));
} catch (error) {
  process.stderr.write(`${error.message}\n`); // alone: an uncaught error would print Pyodide's source
  process.exit(1);
}
process.exit(0); // Pyodide's timers would keep Node waiting
