// Where a stage and a layer are chosen. Gradio runs this once, with `element`, `props`, `watch` and `trigger`.
// props.value is what the visitor chose, {layer, channel, stamp, asked}, and the network (ui/inside/network.py). A stamp is
// the time of a choice: whatever the server says carries the stamp of the choice that it is about.


/** The layer that is looked at: the one chosen, or the one that the server begins with. */
const chosen = () => props.value.layer ?? props.value.network.first;

function choose(layer) {
  const now = Date.now();
  props.value = { ...props.value, layer, stamp: now, asked: now };
  draw();
  trigger("choose");
}

function box({ size, text }, name) {
  return make(name, { className: "box" }, make("b", { textContent: size }), " ", make("span", { textContent: text }));
}

function drawWay() {
  const { before, stages, after, texts } = props.value.network;
  const boxes = stages.map((stage) => {
    const made = box(stage, "button");
    made.type = "button";
    made.addEventListener("click", () => choose(stage.layers.at(-1).number));
    return made;
  });
  const all = [...before.map((each) => box(each, "span")), ...boxes, ...after.map((each) => box(each, "span"))];
  const arrow = () => make("span", { textContent: "→", ariaHidden: "true" });
  find("way").replaceChildren(...all.flatMap((each, index) => (index ? [arrow(), each] : [each])));
  find("way").setAttribute("aria-label", texts.way);
}

function draw() {
  if (!props.value?.network) return;
  if (!find("way").childElementCount) drawWay();
  const { stages, texts } = props.value.network;
  const place = Math.max(0, stages.findIndex(({ layers }) => layers.some(({ number }) => number === chosen())));
  find("way").querySelectorAll("button").forEach((button, index) => button.setAttribute("aria-pressed", index === place));
  find("chooser").hidden = !stages.length;
  find("label").textContent = fill(texts.layer, { stage: place + 1 });
  const options = (stages[place]?.layers ?? []).map(({ number, name }) => new Option(name, number, false, number === chosen()));
  find("layers").replaceChildren(...options);
}

find("layers").addEventListener("change", () => choose(Number(find("layers").value)));
element.addEventListener("channel", ({ detail }) => { // maps.js: a channel is chosen
  props.value = { ...props.value, channel: detail, asked: Date.now() };
  trigger("pick");
});
watch("value", draw);
draw();
