// The tour: a panel at the bottom of the window, and a frame around the part of the page that a step is about.
// Gradio runs this once, with `element`, `props` and `trigger`; props.value is what ui/inside/tour.py makes.

let step = -1; // or none
let shown = null; // what is framed

function frame(target) {
  if (shown) shown.style.outline = "";
  shown = target;
  document.body.style.paddingBottom = target ? "75vh" : ""; // so that the last part, too, can stand above the panel
  if (!target) return;
  Object.assign(target.style, { outline: "3px solid var(--color-accent)", outlineOffset: "4px", scrollMarginTop: "12px" });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
}

/** A question: one of the options is right, and either way it is said why, and where it can be seen. */
function ask({ text, options, right, yes, no }, index) {
  const said = make("p", { role: "status" });
  const choices = options.map((option, place) => {
    const onchange = () => (said.textContent = place === right ? yes : no);
    return make("label", {}, make("input", { type: "radio", name: `inside-question-${index}`, onchange }), option);
  });
  find("questions").append(make("fieldset", {}, make("legend", { textContent: text }), ...choices, said));
}

function show(next) {
  const { steps, questions, texts } = props.value;
  step = next;
  find("panel").hidden = step < 0;
  find("start").setAttribute("aria-expanded", step >= 0);
  find("questions").replaceChildren();
  if (step < 0) {
    frame(null);
    return find("start").focus();
  }
  const { title, text, target } = steps[step];
  const isLast = step === steps.length - 1;
  find("count").textContent = fill(texts.step, { n: step + 1, all: steps.length });
  find("title").textContent = title;
  find("text").textContent = text;
  if (isLast && questions.length) {
    find("questions").append(make("p", { textContent: texts.check }));
    questions.forEach(ask);
  }
  find("back").disabled = step === 0;
  find("next").hidden = isLast;
  frame(document.getElementById(target));
  find("panel").scrollTop = 0;
  find("title").focus({ preventScroll: true });
}

function write() {
  element.hidden = !props.value;
  if (!props.value) return;
  const { texts } = props.value;
  for (const name of ["start", "back", "next", "end"]) find(name).textContent = texts[name];
  find("panel").setAttribute("aria-label", texts.name);
}

find("start").addEventListener("click", () => {
  trigger("begin"); // the page gives a photo where there is none
  show(0);
});
find("back").addEventListener("click", () => show(step - 1));
find("next").addEventListener("click", () => show(step + 1));
find("end").addEventListener("click", () => show(-1));
find("panel").addEventListener("keydown", (event) => event.key === "Escape" && show(-1));
watch("value", write);
write();
