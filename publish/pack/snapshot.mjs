// Imports the app's modules in Pyodide and writes Pyodide's memory to a file. Run by snapshot.py under Node.
// Does not choose the modules. The private features of Pyodide used here may differ in any other version.
//
// Standard input: JSON with `base` (Pyodide's folder), `library` (the standard library's zip file), `files`
// (those of the wheel, by path), `out` (the file to write), `modules`, `names` (imported from `js`), `data`
// (bytes of static data) and `heap` (where the heap begins).
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const IN_USE = 2; // a bit of the size of a block, of the allocator of Pyodide's C library
const FLAGS = 7;
const LINKS = [16, 32]; // bytes at the begin of a small and a large free block that the allocator reads
const LARGE = 256;

// Write zeros where memory is free: it packs better. The allocator's blocks lie one after another; a block
// is 4 bytes, its size with flags (4 bytes), and what it holds.
function wipe(memory, heap) {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.byteLength / 4);
  let at = heap;
  for (;;) {
    const head = words[at / 4 + 1];
    const size = head & ~FLAGS;
    if (size < LINKS[0] || at + size > memory.length) break;
    if (!(head & IN_USE)) memory.fill(0, at + LINKS[size < LARGE ? 0 : 1], at + size);
    at += size;
  }
  if (at === heap || memory.subarray(at + 64).some(Boolean)) throw new Error("The heap has another form.");
  return at + 64;
}

const { base, library, files, out, modules, names, data, heap } = JSON.parse(await text(process.stdin));
try {
  const { loadPyodide } = await import(pathToFileURL(resolve(base, "pyodide.mjs")));

  // The snapshot stores a name imported from `js` as its path from globalThis; in the worker it is the
  // worker's object. The name must exist here too, with any value, but not as a getter: Node's getters fail
  // in Pyodide's recorder.
  for (const name of names) {
    const value = globalThis[name] ?? function () {};
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }

  const pyodide = await loadPyodide({
    _makeSnapshot: true,
    indexURL: resolve(base) + "/",
    stdLibURL: resolve(library),
    args: ["-OO", "-X", "no_debug_ranges"], // no docstrings, no assertions, lines but no columns
  });
  const home = pyodide.runPython("import site; site.getsitepackages()[0]");
  for (const [path, content] of Object.entries(files)) {
    pyodide.FS.mkdirTree(dirname(`${home}/${path}`));
    pyodide.FS.writeFile(`${home}/${path}`, content);
  }
  for (const name of modules) pyodide.pyimport(name).destroy();
  pyodide.pyimport("app.page.library").prepare();
  const whole = pyodide.makeMemorySnapshot();
  const [, start, length] = new Uint32Array(whole.buffer, 0, 3);
  const memory = whole.slice(start);
  const end = wipe(memory, heap);
  const runs = [[0, data], [heap, end - heap]]; // between them is the stack, which is empty
  const head = JSON.stringify({
    runs,
    hiwire: JSON.parse(new TextDecoder().decode(whole.subarray(48, 48 + length))),
    version: pyodide._api.pyVersionTuple,
    sitePackages: pyodide._api.sitePackages,
    home: "/home/pyodide",
  });
  const packed = new TextEncoder().encode(head);
  const size = new Uint8Array(new Uint32Array([packed.length]).buffer);
  const parts = runs.map(([at, bytes]) => memory.subarray(at, at + bytes));
  await writeFile(out, Buffer.concat([size, packed, ...parts]));
} catch (error) {
  // Only the message: an uncaught error would also print Pyodide's source, one line of a megabyte.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
