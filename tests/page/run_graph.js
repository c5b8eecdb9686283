// Runs a stored graph on one backend: [bundle, provider, path, runs] -> outputs by name, a run each. Decides nothing.
// A run: {name: {type, dims, base64}}; outputs: {name: [number, ...]}.
async ([bundle, provider, path, runs]) => {
  const at = (file) => file && new URL(file, document.baseURI).href
  const ort = await import(at(bundle.module))
  ort.env.logLevel = 'error'
  if (bundle.wasm) ort.env.wasm.wasmPaths = { mjs: at(bundle.mjs), wasm: at(bundle.wasm) }
  const session = await ort.InferenceSession.create(at(path), { executionProviders: [provider] })
  const results = []
  for (const feeds of runs) {
    const tensors = {}
    for (const [name, { type, dims, base64 }] of Object.entries(feeds)) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      tensors[name] = new ort.Tensor(type, type === 'uint8' ? bytes : new Float32Array(bytes.buffer), dims)
    }
    const outputs = {}
    for (const [name, tensor] of Object.entries(await session.run(tensors))) {
      outputs[name] = Array.from(await tensor.getData())
    }
    results.push(outputs)
  }
  return results
}
