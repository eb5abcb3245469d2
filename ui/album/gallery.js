// The answers as pictures: a section for each answer, the largest first; in each the least certain photos first. And the files
// that cannot be used, with the reason.

const PER_ANSWER = 60;
const IN_ALL = 300;
const ANSWERS = 20;
const PROBLEMS = 100;

/** A thumbnail with a caption; a click opens the photo. neighbours: the photos that Back and Next go to. */
function picture(photo, caption, label, neighbours) {
  const values = { src: photo.thumbnail, alt: label, title: photo.name, width: 112, height: 112, loading: "lazy", decoding: "async" };
  const button = make("button", { type: "button", className: "photo", onclick: () => openPhoto(photo, neighbours) }, make("img", values));
  return make("li", {}, make("figure", {}, button, make("figcaption", { textContent: caption })));
}

function showGallery() {
  const groups = new Map();
  for (const photo of answered()) {
    const label = labelsOf(photo);
    groups.set(label, [...(groups.get(label) ?? []), photo]);
  }
  const largest = [...groups.values()].sort((one, other) => other.length - one.length);
  const shown = largest.slice(0, ANSWERS);
  const most = Math.min(PER_ANSWER, Math.floor(IN_ALL / Math.max(1, shown.length)));
  const sections = shown.map((members) => section(members, most));
  const more = largest.length - shown.length;
  if (more) sections.push(make("p", { textContent: text("more_answers", { n: more }) }));
  find("gallery").replaceChildren(...sections);
}

function section(members, most) {
  const first = [...members].sort((one, other) => one.answer.probability - other.answer.probability).slice(0, most);
  const some = text("first_photos", { shown: count(first.length), n: count(members.length) });
  const figures = first.map((photo) => {
    const share = probability(photo.answer.probability);
    return picture(photo, share, `${photo.name}: ${answerOf(photo)}, ${share}`, first);
  });
  return make(
    "section",
    {},
    make("h2", { textContent: answerOf(members[0]) }),
    make("p", { textContent: first.length < members.length ? some : photosCounted(members.length) }),
    make("ul", { className: "grid" }, ...figures),
  );
}

function showProblems() {
  const bad = album.photos.filter(({ problem }) => problem);
  const parts = [];
  for (const sentence of leftOut.sentences(language())) parts.push(make("p", { textContent: sentence }));
  if (tooMany) parts.push(make("p", { textContent: text("left_out", { files: filesCounted(tooMany), most: count(props.max_photos) }) }));
  if (again) parts.push(make("p", { textContent: text("known", { files: filesCounted(again) }) }));
  if (bad.length) {
    const items = bad.slice(0, PROBLEMS).map(({ name, problem }) => make("li", {}, make("b", { textContent: name }), `: ${problem}`));
    parts.push(make("h2", { textContent: text("problems", { n: count(bad.length) }) }), make("ul", {}, ...items));
    if (bad.length > PROBLEMS) parts.push(make("p", { textContent: text("more_problems", { n: count(bad.length - PROBLEMS) }) }));
  }
  find("problems").replaceChildren(...parts);
}
