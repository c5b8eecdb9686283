// The scenario in Pyodide under Node, over onnxruntime-web's WASM, and the crowd; prints numbers as JSON.
// Does not judge the numbers: test_scenario.py does, which runs it.
//
// arguments: folder of dist/, folder of the footage, the project's folder
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [dist, footage, root] = process.argv.slice(2).map((path) => resolve(path));
const manifest = readFileSync(join(dist, "manifest.json"), "utf8");
const { pyodide: python, ort: bundles } = JSON.parse(manifest);
const address = (path) => pathToFileURL(join(dist, path)).href;

try {
  const ort = await import(address(bundles.wasm.module));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = readFileSync(join(dist, bundles.wasm.wasm));
  ort.env.wasm.wasmPaths = { mjs: address(bundles.wasm.mjs) };

  const { loadPyodide } = await import(address(`${python.base}pyodide.mjs`));
  const pyodide = await loadPyodide({ indexURL: join(dist, python.base) + "/" });
  const home = pyodide.runPython("import site; site.getsitepackages()[0]");
  const wheel = new Uint8Array(readFileSync(join(dist, python.wheels.at(-1).path)));
  pyodide.unpackArchive(wheel, "wheel", { extractDir: home });
  pyodide.FS.mkdirTree(`${home}/tests/support`);
  const scripts = ["scenario.py", "jsports.py", "crowd.py", "fakes.py"];
  for (const name of scripts.map((file) => `tests/support/${file}`)) {
    pyodide.FS.writeFile(`${home}/${name}`, new Uint8Array(readFileSync(join(root, name))));
  }
  const file = (name) => new Uint8Array(readFileSync(join(/\.onnx$/.test(name) ? dist : footage, name)));
  const scenario = JSON.parse(await pyodide.pyimport("tests.support.jsports").main({ ort, manifest, file }));
  const crowd = JSON.parse(await pyodide.pyimport("tests.support.crowd").main());
  const text = JSON.stringify({ scenario, crowd });
  await new Promise((written) => process.stdout.write(text, written)); // a pipe takes 64 KiB at a time
} catch (error) {
  process.stderr.write(`${error.message}\n`); // alone: an uncaught error would print Pyodide's source
  process.exit(1);
}
process.exit(0); // Pyodide's timers would keep Node waiting
