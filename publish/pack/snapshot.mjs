// Imports the app's modules in Pyodide and writes Pyodide's memory to a file. Run by snapshot.py under Node.
// Does not choose the modules. Both private features of Pyodide used here may differ in any other version.
//
// Arguments: Pyodide's folder, the wheel, the file to write; as JSON, the modules and the names from `js`.
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [base, wheel, out, modules, names] = process.argv.slice(2);
try {
  const { loadPyodide } = await import(pathToFileURL(resolve(base, "pyodide.mjs")));

  // The snapshot stores a name imported from `js` as its path from globalThis; in the worker it is the
  // worker's object. The name must exist here too, with any value, but not as a getter: Node's getters fail
  // in Pyodide's recorder.
  for (const name of JSON.parse(names)) {
    const value = globalThis[name] ?? function () {};
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }

  const pyodide = await loadPyodide({ _makeSnapshot: true, indexURL: resolve(base) + "/" });
  const home = pyodide.runPython("import site; site.getsitepackages()[0]");
  pyodide.unpackArchive(new Uint8Array(await readFile(wheel)), "wheel", { extractDir: home });
  for (const name of JSON.parse(modules)) pyodide.pyimport(name).destroy();
  await writeFile(out, pyodide.makeMemorySnapshot());
} catch (error) {
  // Only the message: an uncaught error would also print Pyodide's source, one line of a megabyte.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
