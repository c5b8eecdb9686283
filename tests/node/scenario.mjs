// The scenario in Pyodide under Node, over onnxruntime-web's WASM. Prints its numbers as JSON. Decides nothing.
//
// arguments: dist/, the folder with the footage, the folder whose tests/ holds the scenario
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, footage, root] = process.argv.slice(2).map((path) => resolve(path));
const manifest = readFileSync(join(dist, 'manifest.json'), 'utf-8');
const { pyodide: python, ort: bundles } = JSON.parse(manifest);
const load = (path) => import(pathToFileURL(join(dist, path)));

const ort = await load(bundles.wasm.module);
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = readFileSync(join(dist, bundles.wasm.wasm));
ort.env.wasm.wasmPaths = { mjs: pathToFileURL(join(dist, bundles.wasm.mjs)).href };

const { loadPyodide } = await load(`${python.base}pyodide.mjs`);
const pyodide = await loadPyodide({ indexURL: join(dist, python.base) });
const home = pyodide.runPython('import site; site.getsitepackages()[0]');
pyodide.unpackArchive(readFileSync(join(dist, python.wheels.at(-1).path)), 'wheel', { extractDir: home });
pyodide.FS.mkdir(`${home}/tests`);
for (const name of ['scenario.py', 'jsports.py']) {
  pyodide.FS.writeFile(`${home}/tests/${name}`, readFileSync(join(root, 'tests', name)));
}
const file = (name) => new Uint8Array(readFileSync(join(/\.(rgba|truth)$/.test(name) ? footage : dist, name)));
pyodide.registerJsModule('house', { ort, manifest, file });
process.stdout.write(await pyodide.pyimport('tests.jsports').main());
process.exit(0); // onnxruntime-web keeps a timer
