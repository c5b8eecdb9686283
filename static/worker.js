// The worker's JavaScript: starts Python and hands messages to it. Decides nothing.

const send = (message, transfer = []) => postMessage(message, transfer);
const lines = {};

// The module `page` that Python sees. Python adds `hear`, `take`, `ort` and `python`.
const page = {
  post: (json) => send(json),
  send: (message) => send(message),
  done: () => send('{"type":"done"}'),
  load: (path) => import(new URL(path, self.location)),
  heap: () => page.pyodide._module.HEAPU8.length,

  // A file as ArrayBuffer, with its progress in the log; never more than `total` bytes.
  async bytes(path, label, total) {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${label}: the file is missing on the server (${response.status})`);
    const out = new Uint8Array(total);
    const reader = response.body.getReader();
    let have = 0;
    page.log(label, 0, total);
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (have + part.value.length > total) throw new Error(`${label}: the file is longer than it should be`);
      out.set(part.value, have);
      have += part.value.length;
      page.log(label, part.value.length, 0);
    }
    if (have !== total) throw new Error(`${label}: the file is shorter than it should be`);
    return out.buffer;
  },
  // The same, checked: a damaged memory would run, and run wrong. Its digest takes 0.05 s.
  async exact({ path, bytes, sha256 }, label) {
    const buffer = await page.bytes(path, label, bytes);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', buffer));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (hex !== sha256) throw new Error(`${label}: the file is damaged`);
    return buffer;
  },
  blob: async (path, label, total) => new Blob([await page.bytes(path, label, total)]),

  // One line a label in the log; its bytes are summed here and told at every twentieth part.
  log(label, more, expected) {
    const line = (lines[label] ??= { have: 0, total: 0, told: -1 });
    line.have += more;
    line.total += expected;
    const part = Math.floor((20 * line.have) / line.total);
    if (part !== line.told || expected) send(JSON.stringify({ type: 'log', label, have: line.have, total: line.total }));
    line.told = part;
  },

  save: () => page.canvas.convertToBlob({ type: 'image/png' }).then((blob) => send({ type: 'saved', blob })),
};

// From the memory snapshot where it fits this browser, else the ordinary way: interpreter, then wheels.
async function python({ base, files, snapshot, wheels }) {
  const indexURL = new URL(base, self.location).href;
  const { loadPyodide } = await import(`${indexURL}pyodide.mjs`);
  const warm = files.map(({ path, bytes }) => page.bytes(path, 'Python', bytes));
  try {
    const [memory] = await Promise.all([page.exact(snapshot, 'Python'), ...warm]);
    return await loadPyodide({ indexURL, _loadSnapshot: new Uint8Array(memory) });
  } catch (error) {
    console.info(`Ordinary start of Python: ${error.message}`);
  }
  const pyodide = await loadPyodide({ indexURL });
  const [installer, ...rest] = wheels.map(({ path }) => new URL(path, self.location).href);
  await pyodide.loadPackage(installer);
  const micropip = pyodide.pyimport('micropip');
  for (const wheel of rest) await micropip.install.callKwargs(wheel, { deps: false });
  micropip.destroy();
  return pyodide;
}

async function start({ start, manifest, canvas, own, kept }) {
  Object.assign(page, { start, manifest, canvas, own, kept });
  canvas.addEventListener('webglcontextlost', () => send('{"type":"again"}')); // a photo is not drawn again by itself
  try {
    page.pyodide = await python(JSON.parse(manifest).pyodide);
    page.pyodide.registerJsModule('page', page);
    await page.pyodide.pyimport('app.page.start').main();
  } catch (error) {
    console.error(error);
    const text = `The page could not start: ${String(error.message).trim().split('\n').pop()}`;
    send(JSON.stringify({ type: 'last', text }));
  }
}

self.page = page;
self.onmessage = ({ data }) => {
  if (data.type === 'start') start(data);
  else if (data.type === 'frame') page.take(data);
  else {
    send('{"type":"heard"}');
    if (data.type === 'own') page.own = data.picture;
    page.hear(data.type === 'own' ? { type: 'own' } : data);
  }
};
