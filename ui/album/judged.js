// What the judge found: how often the answers are true, which answers are taken for which, and the worst mistakes.

const MATRIX = 12; // labels a side; what is rarer is one line and one column
const WORST = 12;
const OTHERS = "\0";

/** Every photo's truth, by the labels of the model that answered. */
function findTruths() {
  if (!album.model) return;
  const own = (names) => (album.model.token ? { [NEITHER]: names[NEITHER] } : names); // taught classes have one name
  const folders = foldersOf(album.model.answers, props.folders.map(([language, names]) => [language, own(names)]));
  for (const photo of album.photos) photo.truth = truthIn(photo.path, folders);
}

function showJudge() {
  const photos = answered();
  const verdict = judge(photos.map((photo) => ({ photo, truth: photo.truth, ...photo.answer })));
  if (!verdict) return find("judge").replaceChildren();
  const { n, right, interval, pairs, mistakes } = verdict;
  const [low, high] = interval.map((share) => percent(share));
  const parts = [
    make("h2", { textContent: text("judge") }),
    make("p", { textContent: text("judged", { n: count(n), all: count(photos.length) }) }),
    make("p", { className: "accuracy" }, make("b", { textContent: percent(right / n) }), " ", text("accuracy", { right: count(right), n: count(n) })),
    make("p", { textContent: text("interval", { low, high }) }),
    make("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": text("matrix") }, matrix(pairs)),
  ];
  if (mistakes.length) parts.push(...worst(mistakes.map(({ photo }) => photo)));
  find("judge").replaceChildren(make("section", {}, ...parts));
}

/** The confusion matrix: a row for each truth, a column for each answer; the model's order of labels. */
function matrix(pairs) {
  const total = new Map();
  for (const [truth, line] of pairs) {
    for (const [answer, n] of line) for (const label of new Set([truth, answer])) total.set(label, (total.get(label) ?? 0) + n);
  }
  const place = (label) => album.model.answers.indexOf(label) + 1 || Infinity;
  const most = [...total.keys()].sort((one, other) => total.get(other) - total.get(one)).slice(0, MATRIX);
  const labels = most.sort((one, other) => place(one) - place(other));
  const group = (label) => (labels.includes(label) ? label : OTHERS);
  const cells = new Map();
  for (const [truth, line] of pairs) {
    for (const [answer, n] of line) {
      const key = `${group(truth)}\n${group(answer)}`;
      cells.set(key, (cells.get(key) ?? 0) + n);
    }
  }
  const sides = total.size > labels.length ? [...labels, OTHERS] : labels;
  const rows = sides.filter((truth) => sides.some((answer) => cells.has(`${truth}\n${answer}`)));
  const named = (label) => (label === OTHERS ? text("others") : label.split(", ").map(nameOf).join(", ") || text("none"));
  const columns = sides.map((label) => make("th", { scope: "col", textContent: named(label) }));
  const head = make("tr", {}, make("td", { textContent: text("folder_answer") }), ...columns);
  const body = rows.map((truth) =>
    make(
      "tr",
      {},
      make("th", { scope: "row", textContent: named(truth) }),
      ...sides.map((answer) => {
        const n = cells.get(`${truth}\n${answer}`) ?? 0;
        return make("td", { textContent: count(n), className: n ? (truth === answer ? "right" : "wrong") : "" });
      }),
    ),
  );
  const caption = make("caption", { textContent: text("matrix") });
  return make("table", { className: "matrix" }, caption, make("thead", {}, head), make("tbody", {}, ...body));
}

function worst(photos) {
  const first = photos.slice(0, WORST);
  const figures = first.map((photo) => {
    const caption = text("mistake", { answer: answerOf(photo), share: probability(photo.answer.probability), truth: nameOf(photo.truth) });
    return picture(photo, caption, `${photo.name}: ${caption}`, first);
  });
  const some = text("first_mistakes", { shown: first.length, n: count(photos.length) });
  return [
    make("h3", { textContent: text("worst") }),
    make("p", { textContent: photos.length > first.length ? some : text("surest_first") }),
    make("ul", { className: "grid wide-captions" }, ...figures),
  ];
}
