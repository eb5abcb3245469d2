// What every part of the Teach tab uses: its elements, its texts, and small things to make elements with. Gradio runs these
// scripts once, one after the other, with `element` (the tab's HTML), `props` (texts, limits, palette, side; value = the
// language) and `trigger`. Names are a visitor's or a stranger's text: they become text nodes and attributes, never markup.

const COLOURS = ["#2563eb", "#c2410c", "#0f766e", "#be185d", "#7c3aed", "#15803d", "#b91c1c", "#92400e"];
const GREY = "#6b7280";

const [root, stage, dialog] = ["root", "stage", "dialog"].map(find);

const texts = () => props.texts[props.value] ?? props.texts.en;
const text = (key, values) => fill(texts()[key], values);
const counted = (n) => (n === 1 ? text("photo") : text("photos", { n: n.toLocaleString(props.value) }));
const decimal = (value, digits) => value.toLocaleString(props.value, { maximumFractionDigits: digits });

/** A label as the visitor reads it: a class keeps its name, `neither` is said in the visitor's language. */
const shown = (label) => (label === NEITHER ? text("neither") : label);

const labelOf = (own) => (own.neither ? NEITHER : own.name);
const nameOf = (own) => shown(labelOf(own));

/** A name as the server keeps it: composed letters (a folder of a Mac has others), one line, not too long. */
const tidy = (name) => [...name.normalize("NFC").replace(/\s+/g, " ").trim()].slice(0, 40).join("");

function colourOf(label) {
  const index = lesson.classes.filter(({ neither }) => !neither).findIndex(({ name }) => name === label);
  return label === NEITHER || index < 0 ? GREY : COLOURS[index % COLOURS.length];
}

/** A sentence in one of the page's lines; it is read aloud where the line has role=status. */
function say(part, key, values) {
  const sentence = key ? text(key, values) : "";
  const line = find(part);
  if (line.textContent !== sentence) line.textContent = sentence;
}

function tell(part, sentence) {
  find(part).textContent = sentence;
}

/** The fixed texts, in the visitor's language: [data-text] says it, [data-label] is called it. */
function write(within = element) {
  for (const part of within.querySelectorAll("[data-text]")) part.textContent = texts()[part.dataset.text];
  for (const part of within.querySelectorAll("[data-label]")) {
    part.setAttribute("aria-label", texts()[part.dataset.label]);
    if (part.tagName === "BUTTON") part.title = texts()[part.dataset.label];
  }
}

/** Asks with a dialog; gives whether the visitor agreed, or where there is nothing to agree to, whether it was closed. */
function ask(title, body, agree = "") {
  find("dialog_title").textContent = title;
  find("dialog_body").replaceChildren(...[body].flat());
  const button = (words, answer) =>
    make("button", { type: "button", textContent: words, className: answer ? "primary" : "", onclick: () => dialog.close(answer) });
  const buttons = agree ? [button(agree, "yes"), button(text("cancel"), "")] : [button(text("close"), "")];
  find("dialog_buttons").replaceChildren(...buttons);
  dialog.returnValue = "";
  dialog.showModal();
  buttons.at(-1).focus();
  return new Promise((resolve) => (dialog.onclose = () => resolve(dialog.returnValue === "yes")));
}
