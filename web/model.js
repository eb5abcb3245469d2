// A model folder (config.json and model.onnx) that answers in the browser, as model/classifier.py does on the server.

import * as ort from "./vendor/ort.wasm.min.mjs";
import { reduce, shrinking, toTensor } from "./resize.js";

const MAX_MEGAPIXELS = 50;

/** Loads the model from a folder of this site. Throws an Error with a sentence. */
export async function loadModel(folder) {
  ort.env.wasm.wasmPaths = new URL(folder, location.href).href;
  ort.env.wasm.numThreads = 1; // more would need headers that many hosts cannot send
  try {
    const config = await (await get(folder + "config.json")).json();
    const weights = await (await get(folder + "model.onnx")).arrayBuffer();
    const session = await ort.InferenceSession.create(weights, { executionProviders: ["wasm"] });
    return { config, classify: (upright, photo) => classify(session, config, upright, photo) };
  } catch (error) {
    throw new Error(`The model cannot be loaded: ${error.message}. Load the page again; its owner may have to run "npm run vendor".`);
  }
}

async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} has the status ${response.status}`);
  return response;
}

/** The answers for an upright photo (ImageBitmap) and the file it came from: [{label, score}], best first. */
async function classify(session, config, upright, photo) {
  const { input } = config;
  const tensor = toTensor(await pixels(upright, photo, input), input);
  const feeds = { [session.inputNames[0]]: new ort.Tensor("float32", tensor, [1, 3, input.height, input.width]) };
  const logits = (await session.run(feeds))[session.outputNames[0]].data;
  const labels = config.neither ? [...config.labels, "neither"] : config.labels;
  const scores = probabilities([...logits].map((logit) => logit / config.temperature), config.probabilities);
  return labels.map((label, i) => ({ label, score: scores[i] })).sort((a, b) => b.score - a.score);
}

/** softmax where one label is right, else a sigmoid for each */
function probabilities(logits, kind) {
  if (kind === "independent") return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  const highest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - highest));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((exponential) => exponential / sum);
}

/** The photo's pixels on white, shrunk as the server shrinks large photos. */
async function pixels(upright, photo, input) {
  const { width, height } = upright;
  if (width * height > MAX_MEGAPIXELS * 1e6) throw new Error(`The photo has more than ${MAX_MEGAPIXELS} megapixels. Choose a smaller one.`);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(upright, 0, 0);
  const start = new DataView(await photo.slice(0, 200_000).arrayBuffer());
  const isJpeg = start.byteLength > 2 && start.getUint16(0) === 0xffd8;
  const corner = isJpeg ? firstPixel(start) : undefined;
  const steps = shrinking(width, height, isJpeg, input);
  return steps.reduce((picture, factor) => reduce(picture, factor, corner), context.getImageData(0, 0, width, height));
}

/** Whether a JPEG's first pixel is [at the right, at the bottom] of the upright photo: EXIF's tag 0x0112 says how it is turned. */
function firstPixel(jpeg) {
  try {
    for (let at = 2; jpeg.getUint8(at) === 0xff && jpeg.getUint8(at + 1) !== 0xda; at += 2 + jpeg.getUint16(at + 2)) {
      if (jpeg.getUint16(at) !== 0xffe1 || jpeg.getUint32(at + 4) !== 0x45786966) continue; // "Exif"
      const tiff = at + 10;
      const little = jpeg.getUint16(tiff) === 0x4949;
      const directory = tiff + jpeg.getUint32(tiff + 4, little);
      for (let entry = 0; entry < jpeg.getUint16(directory, little); entry++) {
        const tag = directory + 2 + 12 * entry;
        if (jpeg.getUint16(tag, little) !== 0x0112) continue;
        const orientation = jpeg.getUint16(tag + 8, little);
        return [[2, 3, 6, 7].includes(orientation), [3, 4, 7, 8].includes(orientation)];
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // damaged EXIF data count as none
  }
  return [false, false];
}
