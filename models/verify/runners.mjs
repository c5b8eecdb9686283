// Runs a tf.js graph model under Node on float32 pictures: node runners.mjs FOLDER.
// Does not compare: runners.py writes job.json and the pictures to FOLDER and reads the results from it.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';

const require = createRequire(import.meta.url);
const folder = process.argv[2];
const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
const bytes = (name) => {
  const data = readFileSync(join(folder, name));
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
};

const tf = require('@tensorflow/tfjs-core');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');
require('@tensorflow/tfjs-backend-cpu'); // the WebAssembly backend hands integer operators to it
const wasm = require('@tensorflow/tfjs-backend-wasm');
wasm.setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
wasm.setThreadsCount(1);
await tf.setBackend(job.backend);
await tf.ready();

const described = JSON.parse(readFileSync(join(folder, job.model), 'utf8'));
const groups = described.weightsManifest;
const shards = groups.flatMap((group) => group.paths).map((path) => Buffer.from(bytes(job.shards[path])));
const weights = Buffer.concat(shards);
const model = await loadGraphModel(
  tf.io.fromMemory({
    ...described,
    modelTopology: described.modelTopology,
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength),
  }),
);

const pictures = new Float32Array(bytes('pictures.bin'));
const [count, ...shape] = job.shape;
const size = shape.reduce((a, b) => a * b, 1);
const shapes = [];
for (let picture = 0; picture < count; picture++) {
  const x = tf.tensor(pictures.subarray(picture * size, (picture + 1) * size), [1, ...shape], 'float32');
  const result = await model.executeAsync({ [job.input]: x }, job.outputs);
  const outputs = Array.isArray(result) ? result : [result];
  for (const [place, output] of outputs.entries()) {
    const values = Float32Array.from(await output.data());
    writeFileSync(join(folder, `${picture}-${place}.bin`), new Uint8Array(values.buffer));
  }
  shapes.push(outputs.map((output) => output.shape));
  tf.dispose([x, ...outputs]);
}
writeFileSync(join(folder, 'shapes.json'), JSON.stringify(shapes));
