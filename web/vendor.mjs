// Puts what in_browser.html needs beside it, into web/vendor/: `npm run vendor`, or `npm run vendor -- ../models/mine`.

import { cp, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const model = path.resolve(process.argv[2] ?? path.join(here, "../model/starter"));
const runtime = path.join(here, "node_modules/onnxruntime-web/dist");
const files = [
  path.join(model, "config.json"),
  path.join(model, "model.onnx"),
  ...["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"].map((name) => path.join(runtime, name)),
];

const vendor = path.join(here, "vendor");
await rm(vendor, { recursive: true, force: true });
await mkdir(vendor);
try {
  for (const file of files) await cp(file, path.join(vendor, path.basename(file)));
} catch (error) {
  console.error(`${error.message}\nRun "npm ci" first, and name a model folder with config.json and model.onnx.`);
  process.exit(1);
}
