// What the Live tab shows and says: its texts, a bar for each answer, the best one, and the messages. Gradio runs these scripts
// once, one after the other, with `element` (the tab's HTML) and `props` (texts, names, answers, side, palette, teach; value =
// the language).

const SHOWN = 10; // bars, where a model has more answers
const STEADY = 800; // milliseconds that an answer must lead before it is read aloud

const [stage, video, message, figures, best, spoken, bars] =
  ["stage", "video", "message", "figures", "best", "spoken", "bars"].map(find);

let said = ""; // the text that is shown as the message
let leading = { label: "", since: 0 }; // what is first, and since when

const language = () => [props.value, "en", ...Object.keys(props.texts)].find((each) => each in props.texts);
const texts = () => props.texts[language()];

/** A label as the visitor reads it; the classes that a visitor taught keep their names. */
function nameOf(label, token) {
  return token && label !== NEITHER ? label : (props.names[language()][label] ?? label);
}

function say(key) {
  said = key;
  const sentence = key ? texts()[key] : "";
  if (message.textContent !== sentence) message.textContent = sentence;
}

function write() {
  for (const part of element.querySelectorAll("[data-text]")) part.textContent = texts()[part.dataset.text];
  video.setAttribute("aria-label", texts().video);
  find("still").setAttribute("aria-label", texts().still);
  bars.setAttribute("aria-label", texts().bars);
  if (said) say(said);
}

/** The labels in an order that stays: neither comes last. */
function labelsOf(scores, token) {
  if (!token) return props.answers;
  const labels = scores.map(({ label }) => label).filter((label) => label !== NEITHER).sort((one, other) => one.localeCompare(other));
  return labels.length < scores.length ? [...labels, NEITHER] : labels;
}

/** The answer to one picture, as bars; scores: the best first. token: the visitor's own model, or empty. */
function show(scores, token) {
  const shares = Object.fromEntries(scores.map(({ label, score }) => [label, score]));
  const labels = labelsOf(scores, token);
  const shown = labels.length <= SHOWN ? labels : scores.slice(0, SHOWN).map(({ label }) => label);
  while (bars.childElementCount > shown.length) bars.lastChild.remove();
  shown.forEach((label, index) => {
    const line = bars.children[index] ?? bars.appendChild(newBar());
    const [name, share, track] = line.children;
    line.setAttribute("aria-label", nameOf(label, token));
    line.setAttribute("aria-valuenow", Math.round(100 * shares[label]));
    name.textContent = nameOf(label, token);
    share.textContent = probability(shares[label]);
    track.firstChild.style.width = `${100 * shares[label]}%`;
    line.classList.toggle("first", label === scores[0].label);
  });
  const name = nameOf(scores[0].label, token);
  if (best.textContent !== name) best.textContent = name;
}

/** Read aloud once it has led for a moment: not nine times a second. */
function announce(name) {
  const now = performance.now();
  if (leading.label !== name) leading = { label: name, since: now };
  if (now - leading.since >= STEADY && spoken.textContent !== name) spoken.textContent = name;
}

/** No answer stands beside a picture that it does not belong to. */
function forgetAnswer() {
  bars.replaceChildren();
  for (const part of [best, spoken, figures]) part.textContent = "";
  leading = { label: "", since: 0 };
}
