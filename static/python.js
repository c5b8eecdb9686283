// @ts-check
// Owns the fast start of Python: a memory snapshot in the small module that publish/pack/slim makes.
// Does not know the ordinary start, which worker.js tries next. Mirrors loadPyodide of this very version.

/**
 * What the fast start is made from, on its way: Pyodide's script, the small module, the snapshot. `rest`
 * gives the other half of the module, at once; `sentinel` is a tiny module, in base64, from pyodide.mjs.
 * @typedef {object} Parts
 * @property {string} build
 * @property {string} sentinel
 * @property {Promise<{ default: (settings: object) => Promise<Any> }>} script
 * @property {Promise<WebAssembly.Module>} core
 * @property {Promise<ArrayBuffer>} snapshot
 * @property {() => ArrayBuffer} rest
 */
/**
 * The head of a snapshot: `runs` are offsets and lengths in memory of what follows.
 * @typedef {{ runs: [number, number][], hiwire: object, version: number[] } & Folders} Head
 */
/** @typedef {{ sitePackages: string, home: string }} Folders */
/** @typedef {Record<string, any>} Any */

/**
 * What the small module calls before it calls a function that it lacks: makes it call `load`, which
 * instantiates the other functions.
 * @param {WebAssembly.Exports} core
 * @param {() => void} load
 */
function complete(core, load) {
  const table = /** @type {WebAssembly.Table} */ (core['split.functions']);
  // (module (import "" "" (func)) (export "" (func 0))): a table takes no other function of JavaScript.
  const wrapper = new WebAssembly.Module(Uint8Array.from(
    [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 5, 1, 0, 0, 0, 0, 7, 4, 1, 0, 0, 0]));
  const { exports } = new WebAssembly.Instance(wrapper, { '': { '': load } });
  table.set(table.length - 1, exports['']);
}

/**
 * @param {Parts} parts
 * @returns {Promise<Any>} Pyodide's interface
 */
export async function begin(parts) {
  const sentinel = WebAssembly.instantiate(
    Uint8Array.from(atob(parts.sentinel), (letter) => letter.charCodeAt(0))).catch(() => null);
  const [{ default: create }, memory] = await Promise.all([parts.script, parts.snapshot]);
  const size = new DataView(memory).getUint32(0, true);
  /** @type {Head} */
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(memory, 4, size)));

  /** @type {WebAssembly.Exports | undefined} */
  let core;
  /** @type {Any} */
  const api = {
    config: {
      jsglobals: globalThis, args: [], env: {}, packages: [], enableRunUntilComplete: true,
      BUILD_ID: parts.build,
    },
    runtimeEnv: {
      IN_BROWSER: true, IN_BROWSER_WEB_WORKER: true,
      IN_SAFARI: /^((?!Chrome).)*Safari/.test(navigator.userAgent), // where Pyodide avoids a MessageChannel
    },
    pyVersionTuple: head.version,
    sitePackages: head.sitePackages,
  };
  /** @param {Any} module */
  const prepare = ({ FS, ENV }) => {
    FS.mkdirTree(head.sitePackages);
    FS.mkdirTree(head.home);
    FS.chdir(head.home);
    Object.assign(ENV, { HOME: head.home, PYTHONINSPECT: '1' });
  };
  /**
   * @param {Any} imports
   * @param {(instance: WebAssembly.Instance, module: WebAssembly.Module) => void} done
   */
  const instantiate = async (imports, done) => {
    const found = await sentinel;
    const mark = Symbol('error');
    Object.assign(imports.env, found ? found.instance.exports : {
      Jsv_GetError_import: () => mark,
      JsvError_Check: (/** @type {unknown} */ value) => value === mark,
    });
    const module = await parts.core;
    const instance = await WebAssembly.instantiate(module, imports);
    complete(instance.exports, () => {
      console.info('Loading the rest of Python.');
      const rest = new WebAssembly.Module(parts.rest());
      // The proxies of the import object name each import again, and give the same.
      new WebAssembly.Instance(rest, { ...imports, core: instance.exports });
    });
    // The constructors run next. They need their data, and one sees by it that it need not fill the first
    // place of the table of immortal objects.
    restore(/** @type {any} */ (instance.exports.memory));
    /** @type {WebAssembly.Table} */ (instance.exports['split.1.1']).grow(1);
    core = instance.exports;
    done(instance, module);
  };
  /** @param {WebAssembly.Memory} to */
  const restore = (to) => {
    const heap = new Uint8Array(to.buffer);
    let at = 4 + size;
    for (const [offset, length] of head.runs) {
      heap.set(new Uint8Array(memory, at, length), offset);
      at += length;
    }
  };
  const module = await new Promise((resolve, reject) => {
    create({
      API: api, noInitialRun: true, preRun: [prepare], noImageDecoding: true, noAudioDecoding: true,
      locateFile: (/** @type {string} */ name) => name,
      // One of the constructors ends a line that the snapshot's program never began.
      printErr: (/** @type {string} */ line) => { if (line) console.error(line); },
      instantiateWasm: (/** @type {Any} */ imports, /** @type {any} */ done) => {
        instantiate(imports, done).catch(reject);
        return {};
      },
    }).then(resolve, reject);
  });
  restore(module.wasmMemory ?? { buffer: module.HEAPU8.buffer }); // without what the constructors wrote
  module.core = core; // what bench/hot.py reads
  const pyodide = api.finalizeBootstrap(head.hiwire);
  api.initializeStreams();
  return pyodide;
}
