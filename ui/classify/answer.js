// The answer, and on the photo the evidence for it. Gradio runs this once, with `element` and `props`: `props.value` is what
// ui/classify/verdict.py makes of a photo, or empty; `of` in it is the address of that photo, so that no answer stands beside another.

const [verdict, problem, rows, meaning, evidence, strength, caption, method, how, calibration] =
  ["verdict", "problem", "rows", "meaning", "evidence", "strength", "caption", "method", "how", "calibration"].map(find);
const frame = () => document.querySelector("#photo .image-frame");
const photo = () => frame()?.querySelector(":scope > img:not(.heat, .preview)");
const texts = () => props.texts[document.documentElement.lang] ?? props.texts.en;

let seen = photo()?.src ?? ""; // the photo that is there

function write() {
  for (const part of element.querySelectorAll("[data-text]")) part.textContent = texts()[part.dataset.text];
  rows.setAttribute("aria-label", texts().bars);
}

/** As many bars as there are answers, made once, so that nothing moves when they are filled. */
function bars(count) {
  while (rows.childElementCount > count) rows.lastChild.remove();
  while (rows.childElementCount < count) {
    const line = document.createElement("button");
    line.type = "button";
    line.className = "bar";
    line.innerHTML = '<span class="label"></span><span class="track"><span></span></span><span class="share"></span>';
    line.addEventListener("click", () => {
      if (line.getAttribute("aria-pressed") !== "true") trigger("explain", { label: line.value, of: props.value.of });
    });
    rows.append(line);
  }
  return [...rows.children];
}

function fillBar(line, row) {
  const [name, track, share] = line.children;
  line.value = row?.label ?? "";
  line.disabled = !row || !props.value?.heat;
  line.ariaHidden = String(!row); // an empty place says nothing
  name.textContent = row?.name ?? "";
  share.textContent = row?.percent ?? "";
  track.firstChild.style.width = `${100 * (row?.share ?? 0)}%`;
}

/** The layers on the photo: the photo itself where the browser cannot show it, and the heat. */
function layer(kind, source, alt) {
  let image = frame()?.querySelector(`img.${kind}`);
  if (!source) return image?.remove();
  if (!image) {
    image = document.createElement("img");
    image.className = kind;
    frame()?.append(image);
  }
  image.alt = alt;
  image.src = source;
}

function fade() {
  const share = strength.value / 100;
  const heat = frame()?.querySelector("img.heat");
  if (heat) heat.style.opacity = share;
  for (const below of frame()?.querySelectorAll("img:not(.heat)") ?? []) below.style.filter = heat ? `grayscale(${share})` : "";
}

function show(value) {
  verdict.textContent = value.verdict ?? "";
  element.querySelector(".answer").classList.toggle("failed", Boolean(value.problem));
  problem.textContent = value.problem ?? "";
  problem.hidden = !value.problem;
  bars(value.rows?.length ?? props.rows).forEach((line, index) => {
    fillBar(line, value.rows?.[index]);
    line.setAttribute("aria-pressed", Boolean(value.explained) && line.value === value.explained);
  });
  meaning.textContent = value.meaning ?? "";
  for (const [part, isThere] of [[evidence, value.heat], [how, value.method], [calibration, value.calibrated]]) {
    part.classList.toggle("unseen", !isThere); // its place stays, so that nothing moves
  }
  caption.innerHTML = value.caption ?? "";
  method.innerHTML = value.method ?? "";
  frame()?.classList.toggle("unreadable", Boolean(value.problem));
  layer("preview", value.preview, "");
  layer("heat", value.heat, value.alt);
  fade();
}

/** Nothing is known of the photo that is there now, or there is none. */
function clear() {
  show({ verdict: texts()[seen ? "looking" : "ask"] });
}

new MutationObserver(() => {
  const there = photo()?.src ?? "";
  if (there === seen) return;
  seen = there;
  clear();
}).observe(element.closest("[role=tabpanel]") ?? document.body, {
  subtree: true, childList: true, attributes: true, attributeFilter: ["src"],
}); // not the photo itself: it may come later than this

function receive() {
  const value = props.value ?? {};
  if (!value.of) return clear();
  if (new URL(value.of, document.baseURI).href !== seen) return; // about a photo that is gone
  show(value);
}

strength.addEventListener("input", fade);
watch("value", receive);
write();
receive();
