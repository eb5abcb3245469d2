// The feature maps of a layer: all in one message, as numbers; what a value sees is framed in the photo when it is pointed at.
// Gradio runs this once, with `element`, `props` and `watch`; props.value is what ui/inside/feature_maps.py says of a layer.

const QUIET = 600; // milliseconds without another layer before the first channel is explained by itself
// the 256 colours as the bytes of a picture lie in memory
const palette = new Uint32Array(new Uint8ClampedArray(props.palette.flatMap((colour) => [...colour, 255])).buffer);
let latest = 0; // the stamp of the photo and layer that are shown: what is older comes late, and is not
let asking = 0; // the timer of what is asked by itself
let shown = null; // what the server said of the layer that is shown
let levels = new Uint8Array(); // of all maps, one after the other: 0-255, from a map's lowest value to its highest
let large = 0; // the map that is shown large
let spot = [0, 0]; // row and column of the value that is framed

const area = () => shown.rows * shown.columns;

async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function paint(canvas, place) {
  [canvas.width, canvas.height] = [shown.columns, shown.rows];
  const image = new ImageData(canvas.width, canvas.height);
  const colours = new Uint32Array(image.data.buffer);
  for (let index = 0, from = place * area(); index < area(); index++) colours[index] = palette[levels[from + index]];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A value as exactly as it is known: one of 256 steps. */
function valueAt(place, row, column) {
  const { low, high } = shown.maps[place];
  const step = (high - low) / 255;
  const digits = step > 0 ? Math.min(6, Math.max(0, Math.floor(-Math.log10(step)))) : 6;
  const value = low + step * levels[place * area() + row * shown.columns + column];
  return new Intl.NumberFormat(shown.language, { maximumFractionDigits: digits }).format(value).replace("-", "−").replace(/^−0$/, "0");
}

/** What a value sees along an axis: begin and end, cut off where the photo ends, and whether anything is cut off. */
function seen(field, place, length) {
  if (!field) return [0, length, false];
  const begin = field.start + place * shown.step * field.jump;
  const end = begin + field.side;
  return [Math.max(0, begin), Math.min(length, end), begin < 0 || end > length];
}

function put(box, [left, right], width, [top, bottom], height) {
  const share = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(box.style, { left: share(left, width), width: share(right - left, width), top: share(top, height), height: share(bottom - top, height) });
  box.hidden = false;
}

/** Say the value of a map at a place, and frame what it sees. */
function point(place, row, column) {
  const { maps, down, across, width, height, rows, columns, step } = shown;
  const [left, right, isCutAcross] = seen(across, column, width);
  const [top, bottom, isCutDown] = seen(down, row, height);
  put(find("frame"), [left, right], width, [top, bottom], height);
  find("cell").hidden = place !== large;
  if (place === large) {
    spot = [row, column];
    put(find("cell"), [column, column + 1], columns, [row, row + 1], rows);
  }
  find("value").textContent = fill(isCutAcross || isCutDown ? shown.texts.value_clipped : shown.texts.value, {
    channel: maps[place].channel + 1, column: column * step + 1, row: row * step + 1, value: valueAt(place, row, column),
    size: `${Math.round(right - left)}×${Math.round(bottom - top)}`,
  });
}

/** Row and column of the value under a pointer. */
function under(event, canvas) {
  const box = canvas.getBoundingClientRect();
  const along = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  const { rows, columns } = shown;
  return [along((event.clientY - box.top) / box.height, rows), along((event.clientX - box.left) / box.width, columns)];
}

function follow(target, canvas, place) {
  for (const name of ["pointermove", "pointerdown"]) {
    target.addEventListener(name, (event) => point(place(), ...under(event, canvas)));
  }
}

/** Show a map large, framed at its highest value or where it is already. */
function enlarge(place, at) {
  large = place;
  const part = levels.subarray(place * area(), (place + 1) * area());
  const peak = part.indexOf(part.reduce((most, level) => Math.max(most, level), 0));
  paint(find("canvas"), place);
  [...find("grid").children].forEach((button, index) => button.setAttribute("aria-pressed", index === place));
  const channel = shown.maps[place].channel + 1;
  const thinned = shown.step > 1 ? fill(shown.texts.thinned, shown) : "";
  find("caption").textContent = `${fill(shown.texts.large, { channel })} ${thinned}`;
  find("big").setAttribute("aria-label", fill(shown.texts.keys, { channel }));
  point(place, ...(at ?? [Math.floor(peak / shown.columns), peak % shown.columns]));
}

function button(map, place) {
  const canvas = make("canvas");
  const made = make("button", { type: "button" }, canvas, make("span", { textContent: map.text }));
  paint(canvas, place);
  follow(canvas, canvas, () => place);
  made.addEventListener("click", (event) => {
    enlarge(place, event.detail ? under(event, canvas) : null); // a key has no place
    ask(map.channel);
  });
  return made;
}

/** Ask for the explanation of a channel; look.js knows of which photo and layer. */
function ask(channel) {
  clearTimeout(asking);
  document.querySelector("#inside-stages [data-part=way]").dispatchEvent(new CustomEvent("channel", { detail: channel, bubbles: true }));
}

async function draw() {
  const { stamp = 0, instead = "", ...said } = props.value ?? {};
  if (stamp < latest) return;
  latest = stamp;
  clearTimeout(asking);
  find("instead").innerHTML = instead;
  const isWaiting = !said.maps && !instead; // the server is at work: the place is kept
  find("maps").classList.toggle("late", isWaiting);
  if (isWaiting) return;
  find("maps").hidden = !said.maps;
  if (!said.maps) return;
  const fresh = await unpack(said.levels);
  if (stamp < latest) return;
  [shown, levels] = [said, fresh];
  find("photo").src = shown.photo;
  find("photo").alt = find("photo-caption").textContent = shown.texts.photo;
  find("grid").setAttribute("aria-label", fill(shown.texts.all, { layer: shown.name }));
  find("grid").replaceChildren(...shown.maps.map(button));
  enlarge(0);
  asking = setTimeout(() => element.offsetParent && ask(shown.maps[0].channel), QUIET); // not while layers are leafed through
}

follow(find("big"), find("canvas"), () => large);
find("big").addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  const sides = [shown.rows, shown.columns];
  point(large, ...spot.map((at, axis) => Math.min(sides[axis] - 1, Math.max(0, at + move[axis]))));
});
watch("value", draw);
draw();
