// One photo, large, with the heat map of the evidence for its answer. The photo is still in the browser, in a zip, too.

const dialog = find("viewer");
const [large, over, heatOn] = ["photo", "heat", "heat_on"].map(find);
let viewed = null; // {photo, neighbours, map, url}

/** Opens a photo; what belonged to another one is gone first. */
async function openPhoto(photo, neighbours) {
  forgetViewed();
  const mine = (viewed = { photo, neighbours, map: null, url: "" });
  const { labels, probability: sure } = photo.answer;
  tell("photo_name", photo.name);
  tell("photo_answer", `${answerOf(photo)}, ${probability(sure)}`);
  const verdict = labels.length === 1 && labels[0] === photo.truth ? "truth_right" : "truth_wrong";
  tell("photo_truth", photo.truth === undefined ? "" : text(verdict, { truth: nameOf(photo.truth) }));
  tell("photo_message", text("looking"));
  const index = neighbours.indexOf(photo);
  find("before").disabled = index <= 0;
  find("after").disabled = index >= neighbours.length - 1;
  large.alt = `${photo.name}: ${answerOf(photo)}`;
  large.src = photo.thumbnail;
  large.classList.add("small");
  if (!dialog.open) dialog.showModal();
  try {
    const blob = await photo.open();
    if (viewed !== mine) return;
    const isShown = await show(mine, blob);
    if (viewed !== mine) return;
    const map = await mapOf(blob);
    if (viewed !== mine) return;
    mine.map = map;
    tell("photo_message", [isShown ? "" : text("small_copy"), map ? "" : text("no_heat")].filter(Boolean).join(" "));
    drawMap();
  } catch (error) {
    if (viewed === mine) tell("photo_message", error.status === undefined ? text("unreadable") : error.message);
  }
}

/** The photo itself in the place of its thumbnail; gives whether the browser can show it. */
async function show(mine, blob) {
  const url = URL.createObjectURL(blob);
  const trial = new Image();
  trial.src = url;
  try {
    await trial.decode();
  } catch {
    URL.revokeObjectURL(url); // a format that only the server opens
    return false;
  }
  if (viewed !== mine) return void URL.revokeObjectURL(url);
  mine.url = url;
  large.src = url;
  large.classList.remove("small");
  await large.decode().catch(() => {});
  return true;
}

/** {heat, box} by the model that is chosen, or null where its network cannot be explained. */
async function mapOf(body) {
  const { token } = album.model;
  const route = token ? `/api/teach/sessions/${encodeURIComponent(token)}/classify?heat=1` : "/api/explain";
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const response = await fetch(serverAddress() + route, { method: "POST", body }).catch(() => null);
    if (!response) throw new Refusal(-1, text("no_server"));
    if (response.ok) return response.json();
    if (response.status !== 503) return null;
    await pause(1000);
  }
  throw new Refusal(-1, text("busy"));
}

function drawMap() {
  if (viewed?.map && heatOn.checked) drawHeat(over, viewed.map.heat, viewed.map.box, ...sizeOf(large));
  else clearHeat(over);
}

/** As large as it is shown, at most; the map has no finer detail. */
function sizeOf({ naturalWidth, naturalHeight }) {
  const scale = Math.min(1, 1024 / Math.max(naturalWidth, naturalHeight));
  return [Math.max(1, Math.round(scale * naturalWidth)), Math.max(1, Math.round(scale * naturalHeight))];
}

function forgetViewed() {
  if (viewed?.url) URL.revokeObjectURL(viewed.url);
  viewed = null;
  large.removeAttribute("src");
  drawMap();
}

function turn(step) {
  const { photo, neighbours } = viewed;
  const next = neighbours[neighbours.indexOf(photo) + step];
  if (next) openPhoto(next, neighbours);
}

function listenForViewing() {
  heatOn.addEventListener("change", drawMap);
  find("close").addEventListener("click", () => dialog.close());
  find("before").addEventListener("click", () => turn(-1));
  find("after").addEventListener("click", () => turn(1));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") turn(-1);
    if (key === "ArrowRight") turn(1);
  });
  dialog.addEventListener("close", forgetViewed);
}
