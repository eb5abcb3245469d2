// What every part of the album uses: its elements, its texts, and what is in it. Gradio runs these scripts once, one after the
// other, with `element` (the tab's HTML) and `props` (texts, names, folders, palette, max_bytes, max_photos; value = the language).
// Names of files are a stranger's text: they become text nodes and attributes, never markup.

/** Everything that was dropped so far; `model`: which one answered, {number, answers, csv, token}, null before the first answer. */
const album = { photos: [], model: null };

const language = () => [props.value, "en", ...Object.keys(props.texts)].find((each) => each in props.texts);
const text = (key, values) => fill(props.texts[language()][key], values);
const count = (n) => n.toLocaleString(language());
const counted = (one, many, n) => (n === 1 ? text(one) : text(many, { n: count(n) }));
const photosCounted = (n) => counted("photo", "photos", n);
const filesCounted = (n) => counted("file_one", "files", n);
const percent = (share) => `${(100 * share).toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`;
const chosen = () => document.documentElement.dataset.model ?? ""; // the token of what the visitor taught, or empty

/** A label as the visitor reads it; the classes that a visitor taught keep their names. */
function nameOf(label) {
  return album.model?.token && label !== NEITHER ? label : (props.names[language()][label] ?? label);
}

const labelsOf = ({ answer }) => answer.labels.join(", "); // what a photo shows, for programs
const answerOf = ({ answer }) => answer.labels.map(nameOf).join(", ") || text("none"); // the same, for people
const answered = () => album.photos.filter(({ answer }) => answer);

function tell(part, sentence) {
  const line = find(part);
  if (line.textContent !== sentence) line.textContent = sentence;
}

function write() {
  for (const part of element.querySelectorAll("[data-text]")) part.textContent = text(part.dataset.text);
}

/** What cannot be done with a file; status 0: it was never sent. */
class Refusal extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}
