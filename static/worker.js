// @ts-check
// Owns the worker's start: fetches Python, checks its memory, starts it and hands messages to it.
// Does not know what a message means: Python does. The texts of a failed start come from index.html.

/** @import { ToPage, ToWorker } from '../types/messages' */

import { Frames } from './frames.js';
import { Pixels } from './pixels.js';

/** @typedef {ToWorker[keyof ToWorker] & { number: number }} Received */
/** @typedef {{ path: string, bytes: number }} Entry */
/**
 * Pyodide's files as the manifest lists them.
 * @typedef {object} Pyodide
 * @property {string} base
 * @property {Record<'build' | 'sentinel' | 'script' | 'core' | 'rest', string>} start
 * @property {Entry & { piece: number, pieces: string }} snapshot
 * @property {Entry[]} wheels
 */

/**
 * The files that a start needs besides Python: by task, model, backend and feature ("" is none).
 * @typedef {object} Ahead
 * @property {string} task
 * @property {Record<string, string>} backends by the setting
 * @property {Record<string, string>} models by task
 * @property {Record<string, string>} features by name, a module that a browser with it accepts, in base64
 * @property {Record<string, Record<string, Record<string, Record<string, string[]>>>>} files
 */

/** @type {(message: string | ToPage[keyof ToPage]) => void} */
const send = (message) => postMessage(message);
/** @type {(message: ToPage[keyof ToPage]) => void} */
const sendJson = (message) => send(JSON.stringify(message));

/**
 * The bytes of each line of the log, and the twentieth part that was reported last.
 * @type {Record<string, { have: number, total: number, reported: number }>}
 */
const lines = {};

/**
 * Files that were asked for before Python was there, by path.
 * @type {Map<string, Promise<Response>>}
 */
const ahead = new Map();

/** @type {Record<string, string | undefined>} */
let texts = {};

/**
 * A text with its {names} replaced by the values.
 * @param {string | undefined} text
 * @param {Record<string, unknown>} values
 */
const format = (text, values) => (text ?? '').replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/**
 * Messages from before Python listened.
 * @type {Received[]}
 */
const early = [];

/**
 * The module `page` that Python imports. Python adds `handle`, `take`, `ort` and `python`; `start` adds the
 * rest.
 * @type {Record<string, any> & { pixels: Pixels | null }}
 */
const page = {
  /** What frames are copied to; null while nothing is composed from there. @type {Pixels | null} */
  pixels: null,
  /** The kernels; null where this browser cannot run them: 2D canvases do their work then. */
  openPixels: async () => (page.pixels = await kernels),
  /** @param {string} json */
  post: (json) => send(json),
  /** @param {ToPage[keyof ToPage]} message */
  send: (message) => send(message),
  done: () => { if (!frames.streams) report(); },
  /** @param {string} path */
  load: (path) => import(absolute(path)),
  heap: () => page.pyodide._module.HEAPU8.length,

  /**
   * A file as ArrayBuffer, with its progress in the log; never more than `total` bytes.
   * @param {string} path
   * @param {string} label
   * @param {number} total
   * @param {(out: Uint8Array<ArrayBuffer>, have: number) => void} [arrived] called after each part
   */
  async bytes(path, label, total, arrived = () => {}) {
    const response = await (ahead.get(path) ?? fetch(path));
    ahead.delete(path);
    const fail = (/** @type {string} */ name) =>
      new Error(format(texts[name], { file: label, status: response.status }));
    if (!response.ok) throw fail('missing');
    const out = new Uint8Array(total);
    let have = 0;
    page.log(label, 0, total);
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (have + part.value.length > total) throw fail('long');
      out.set(part.value, have);
      have += part.value.length;
      page.log(label, part.value.length, 0);
      arrived(out, have);
    }
    if (have !== total) throw fail('short');
    return out.buffer;
  },

  /**
   * A file whose digest is checked: a damaged memory would run, and compute wrong results. Its pieces are
   * digested while it arrives, and then their digests.
   * @param {Pyodide['snapshot']} file
   * @param {string} label
   */
  async exact({ path, bytes, piece, pieces }, label) {
    /** @type {Promise<ArrayBuffer>[]} */
    const digests = [];
    /** @type {(out: Uint8Array<ArrayBuffer>, have: number) => void} */
    const arrived = (out, have) => {
      const whole = have === bytes ? bytes : have - (have % piece);
      for (let at = digests.length * piece; at < whole; at += piece) {
        digests.push(crypto.subtle.digest('SHA-256', out.subarray(at, Math.min(at + piece, have))));
      }
    };
    const buffer = await page.bytes(path, label, bytes, arrived);
    const all = await new Blob(await Promise.all(digests)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (hex !== pieces) throw new Error(format(texts.damaged, { file: label }));
    return buffer;
  },

  /**
   * A file as Blob.
   * @param {string} path
   * @param {string} label
   * @param {number} total
   */
  blob: async (path, label, total) => new Blob([await page.bytes(path, label, total)]),

  /**
   * Add to a line of the log. It is reported when its total changes and at each twentieth part.
   * @param {string} label
   * @param {number} more
   * @param {number} expected
   */
  log(label, more, expected) {
    const line = (lines[label] ??= { have: 0, total: 0, reported: -1 });
    line.have += more;
    line.total += expected;
    const part = Math.floor((20 * line.have) / line.total);
    if (part !== line.reported || expected) {
      sendJson({ type: 'log', label, have: line.have, total: line.total });
    }
    line.reported = part;
  },

  /**
   * Send the canvas to the page as a file.
   * @param {string} name
   */
  save: async (name) => send({
    type: 'download', file: await page.canvas.convertToBlob({ type: 'image/png' }), name,
  }),

  /** Python handles messages from now on, those that came before first. */
  listen() {
    for (const message of early.splice(0)) receive(message);
  },
};

const decode = (/** @type {string} */ base64) => Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));

const absolute = (/** @type {string} */ path) => new URL(path, self.location.href).href;

/**
 * A file at once, while Python waits. Throws where it cannot be had.
 * @param {string} path
 */
function fetchNow(path) {
  const request = new XMLHttpRequest();
  request.open('GET', path, false);
  request.responseType = 'arraybuffer';
  request.send();
  if (request.status !== 200) throw new Error(format(texts.missing, { file: path, status: request.status }));
  return /** @type {ArrayBuffer} */ (request.response);
}

/**
 * Start Python from the memory snapshot where it fits this browser, else the ordinary way: interpreter, then
 * wheels.
 * @param {Pyodide} files
 */
async function python({ base, start, snapshot, wheels }) {
  // The standard library, for an import of what the snapshot lacks.
  page.library = (/** @type {string} */ path) => page.pyodide.FS.writeFile(
    path, new Uint8Array(fetchNow(`${base}python_stdlib.zip`)));
  try {
    const parts = {
      ...start,
      script: import(absolute(start.script)),
      core: WebAssembly.compileStreaming(fetch(start.core)),
      snapshot: page.exact(snapshot, 'Python'),
      rest: () => fetchNow(start.rest),
    };
    // begin() awaits them.
    for (const part of [parts.script, parts.core, parts.snapshot]) part.catch(() => {});
    const { begin } = await import('./python.js');
    return await begin(parts);
  } catch (error) {
    console.info(`Ordinary start of Python: ${/** @type {Error} */ (error).message}`);
  }
  const indexURL = absolute(base);
  const { loadPyodide } = await import(`${indexURL}pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL });
  const [installer, ...rest] = wheels.map(({ path }) => absolute(path));
  await pyodide.loadPackage(installer);
  const micropip = pyodide.pyimport('micropip');
  for (const wheel of rest) await micropip.install.callKwargs(wheel, { deps: false });
  micropip.destroy();
  return pyodide;
}

const report = () => sendJson({ type: 'done' });
const frames = new Frames(page, report);
const kernels = Pixels.open('pixels.wasm').catch(() => null);

/**
 * Ask for the files of the model that a query names, while Python starts: it needs them next.
 * @param {Ahead} table what is named if the query names nothing, and the files
 * @param {string} query
 */
function fetchAhead({ task, backends, models, features, files }, query) {
  const given = new URLSearchParams(query);
  const chosen = given.get('task') ?? task;
  const backend = backends[given.get('backend') ?? 'auto'];
  const rows = files[chosen]?.[given.get('model') ?? models[chosen]]?.[backend] ?? {};
  const feature = Object.keys(rows).find((name) => name && WebAssembly.validate(decode(features[name])));
  for (const path of rows[feature ?? ''] ?? []) {
    const response = fetch(path);
    response.catch(() => {}); // bytes() awaits it
    ahead.set(path, response);
  }
}

/** @param {ToWorker['start']} message */
async function start({ handover, manifest, canvas, backdrop, pictures, texts: given }) {
  texts = given;
  Object.assign(page, { handover: JSON.stringify(handover), manifest, canvas, backdrop, pictures });
  page.store = store();
  // After a lost context a photo has to be requested, for it is not sent again by itself.
  canvas.addEventListener('webglcontextlost', () => sendJson({ type: 'redraw' }));
  try {
    const { pyodide, ahead: table } = JSON.parse(manifest);
    const starting = python(pyodide);
    if (!handover.backend) fetchAhead(table, handover.query ?? '');
    page.pyodide = await starting;
    page.pyodide.registerJsModule('page', page);
    await page.pyodide.pyimport('app.page.main').main();
  } catch (error) {
    console.error(error);
    const why = String(/** @type {Error} */ (error).message).trim().split('\n').pop();
    sendJson({ type: 'stopped', text: format(texts.failed, { why }) });
  }
}

/** The store of the visitor's pictures; what it holds is read while Python starts. */
function store() {
  const loading = import('./store.js');
  const first = loading.then(({ rows }) => rows());
  first.catch(() => {}); // Python is told when it asks
  let asked = false;
  return {
    /** @returns {Promise<object[]>} */
    async rows() {
      if (asked) return (await loading).rows();
      asked = true;
      return first;
    },
    /** @param {import('./store.js').Row} row */
    put: async (row) => (await loading).put(row),
    /** @param {string} id */
    remove: async (id) => (await loading).remove(id),
  };
}

/**
 * Have Python handle a message; it is handled when the work that it started is done.
 * @param {Received} message
 */
async function receive({ number, ...message }) {
  try {
    const work = page.handle(message);
    await work;
    work?.destroy?.();
  } finally {
    send({ type: 'handled', number });
  }
}

Object.assign(self, { page });

self.onmessage = (/** @type {MessageEvent<Received>} */ { data }) => {
  if (data.type === 'start') start(data);
  else if (data.type === 'frame') frames.give(data);
  else if (data.type === 'stream') frames.follow(data);
  else if (page.handle) receive(data);
  else early.push(data);
};
