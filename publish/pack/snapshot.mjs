// Pyodide's memory after the app's modules are imported, written to a file: run by snapshot.py under Node.
// Does not choose what is imported. Both options of loadPyodide are private to one exact version of Pyodide.
//
// arguments: Pyodide's folder, the wheel, the file to write, modules as JSON, names taken from `js` as JSON
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [base, wheel, out, modules, names] = process.argv.slice(2);
try {
  const { loadPyodide } = await import(pathToFileURL(resolve(base, "pyodide.mjs")));

  // A name taken from `js` is stored as its path from globalThis, and is the worker's own when the snapshot
  // starts there. It has to exist here too, whatever it is, as a plain value: Node's own getters refuse
  // Pyodide's recorder.
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
  // The message alone: an uncaught error would print Pyodide's source, which is one line of a megabyte.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
