// Photo to network input, number for number as Pillow does it: see `open_for` and `fit` in model/resize.py.
//
// A picture here is { width, height, data } with data a Uint8ClampedArray of red, green, blue and alpha, as in ImageData.

// Pillow's filters: [support, weight at distance x] (https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c)
const FILTERS = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  hamming: [1, (x) => (x === 0 ? 1 : Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)))],
  bicubic: [2, bicubic],
  lanczos: [3, (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)],
};
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

function bicubic(x) {
  const a = -0.5;
  x = Math.abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** A picture as the network takes it. input: `input` of config.json. Returns Float32Array (3 × height × width). */
export function toTensor(picture, input) {
  const { width, height, data } = fit(picture, input);
  const tensor = new Float32Array(3 * width * height);
  for (let channel = 0; channel < 3; channel++) {
    const scale = 1 / (255 * input.std[channel]);
    const shift = -input.mean[channel] / input.std[channel];
    for (let i = 0; i < width * height; i++) tensor[channel * width * height + i] = data[4 * i + channel] * scale + shift;
  }
  return tensor;
}

/** The picture at the input size: squished, cropped or padded as the model was trained. */
export function fit(picture, input) {
  if (input.mode === "L") picture = toGrey(picture);
  if (input.resize !== "squish") picture = reframe(picture, input);
  return resize(picture, input.width, input.height, input.resample ?? "bilinear");
}

/** How far a large photo is shrunk first, as [in the JPEG decoder, after it]: as `open_for` in model/resize.py does for speed. */
export function shrinking(width, height, isJpeg, input) {
  const oversampling = input.exact ? 8 : 1.4;
  const [leastWidth, leastHeight] = [Math.round(input.width * oversampling), Math.round(input.height * oversampling)];
  const factor = () => Math.max(1, Math.min(Math.floor(width / leastWidth), Math.floor(height / leastHeight)));
  const decoder = isJpeg ? [8, 4, 2, 1].find((step) => step <= factor()) : 1;
  [width, height] = [Math.ceil(width / decoder), Math.ceil(height / decoder)];
  return [decoder, factor()];
}

/**
 * Shrinks by a whole number: each pixel is the mean of a square (`Image.reduce`).
 * Squares at the edge may be cut off: those far from where the file's first pixel is, [right, bottom] for an upright photo.
 */
export function reduce(picture, factor, [right, bottom] = [false, false]) {
  if (factor === 1) return picture;
  const { width, height, data } = picture;
  const out = blank(Math.ceil(width / factor), Math.ceil(height / factor));
  const [left, top] = [right ? width - out.width * factor : 0, bottom ? height - out.height * factor : 0];
  for (let y = 0; y < out.height; y++) {
    const [firstRow, lastRow] = [Math.max(top + y * factor, 0), Math.min(top + (y + 1) * factor, height)];
    for (let x = 0; x < out.width; x++) {
      const [first, last] = [Math.max(left + x * factor, 0), Math.min(left + (x + 1) * factor, width)];
      let [red, green, blue] = [0, 0, 0];
      for (let v = firstRow; v < lastRow; v++) {
        for (let i = 4 * (v * width + first); i < 4 * (v * width + last); i += 4) {
          red += data[i];
          green += data[i + 1];
          blue += data[i + 2];
        }
      }
      const count = (lastRow - firstRow) * (last - first);
      const share = Math.floor(2 ** 24 / count); // Pillow's fixed point: 24 bits behind the point
      const mean = (sum) => Math.floor(((sum + (count >> 1)) * share) / 2 ** 24);
      out.data.set([mean(red), mean(green), mean(blue)], 4 * (y * out.width + x));
    }
  }
  return out;
}

/** Resizes with antialiasing: across, then down, rounded to 8 bits after each (`Image.resize`). */
export function resize(picture, width, height, resample) {
  if (resample === "nearest") {
    const source = (x, y) => [Math.floor(((x + 0.5) * picture.width) / width), Math.floor(((y + 0.5) * picture.height) / height)];
    return rearrange(picture, width, height, source);
  }
  const across = picture.width === width ? picture : transpose(resizeDown(transpose(picture), width, resample));
  return picture.height === height ? across : resizeDown(across, height, resample);
}

function resizeDown(picture, height, resample) {
  const { width, data } = picture;
  const out = blank(width, height);
  weights(picture.height, height, resample).forEach(([first, kernel], y) => {
    for (let i = 0; i < 4 * width; i++) {
      let sum = 1 << 21; // Pillow's fixed point: 22 bits behind the point, and a half to round
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * data[4 * width * (first + k) + i];
      out.data[4 * width * y + i] = Math.floor(sum / (1 << 22));
    }
  });
  return out;
}

/** For each place in the output: the first place of the input that counts, and the weights from there on. */
function weights(from, to, resample) {
  const [radius, filter] = FILTERS[resample];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - radius * stretch + 0.5));
    const last = Math.min(from, Math.trunc(centre + radius * stretch + 0.5));
    const kernel = Array.from({ length: last - first }, (_, k) => filter((first + k - centre + 0.5) / stretch));
    const total = kernel.reduce((sum, weight) => sum + weight, 0);
    return [first, kernel.map((weight) => roundAway((weight / total) * (1 << 22)))];
  });
}

const roundAway = (x) => Math.trunc(x + (x < 0 ? -0.5 : 0.5));

const transpose = (picture) => rearrange(picture, picture.height, picture.width, (x, y) => [y, x]);

/** A new picture whose pixel (x, y) is the old one's pixel source(x, y); black where that is null. */
function rearrange(picture, width, height, source) {
  const out = blank(width, height);
  const from = new Uint32Array(picture.data.buffer, picture.data.byteOffset);
  const to = new Uint32Array(out.data.buffer);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = source(x, y);
      to[y * width + x] = at ? from[at[1] * picture.width + at[0]] : 0;
    }
  }
  return out;
}

/** Crops to the centred part with the input's aspect ratio, or pads around the photo: `crop_box` in model/resize.py. */
function reframe(picture, input) {
  const { width, height } = picture;
  const choose = input.resize === "crop" ? Math.min : Math.max;
  const ratio = choose(width / input.width, height / input.height);
  const least = (length) => (input.resize === "crop" ? Math.ceil((input.keep ?? 0) * length) : 0);
  const across = Math.max(Math.trunc(ratio * input.width), least(width));
  const down = Math.max(Math.trunc(ratio * input.height), least(height));
  const [left, top] = [Math.trunc(0.5 * (width - across)), Math.trunc(0.5 * (height - down))];
  const outside = { zeros: () => null, border: clamp, reflection: reflect }[input.padding ?? "reflection"];
  return rearrange(picture, across, down, (x, y) => {
    const at = [outside(x + left, width), outside(y + top, height)];
    const inside = x + left >= 0 && x + left < width && y + top >= 0 && y + top < height;
    return inside ? [x + left, y + top] : at.includes(null) ? null : at;
  });
}

const clamp = (i, length) => Math.min(Math.max(i, 0), length - 1);

function reflect(i, length) {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const phase = ((i % period) + period) % period;
  return phase < length ? phase : period - phase;
}

function toGrey(picture) {
  const out = blank(picture.width, picture.height);
  for (let i = 0; i < picture.data.length; i += 4) {
    const [red, green, blue] = picture.data.subarray(i, i + 3);
    out.data.fill((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16, i, i + 3);
  }
  return out;
}

const blank = (width, height) => ({ width, height, data: new Uint8ClampedArray(4 * width * height) });
