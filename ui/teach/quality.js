// What the page says about a trained model: how good it is on photos that were held back, which ones it gets wrong, advice.

const ADVICE = {
  few_photos: "advice_few_photos",
  same_photos: "advice_same_photos",
  unbalanced: "advice_unbalanced",
  one_burst: "advice_one_burst",
  alike: "advice_alike",
  background: "advice_background",
  file: "advice_file",
  not_measured: "advice_not_measured",
  no_background: "advice_no_background",
};
let announced = ""; // the session whose model the other tabs know of

/** Tells Python, which lets the visitor choose "my model" in the other tabs. */
function announce() {
  const token = lesson.quality ? lesson.session : "";
  if (token === announced) return;
  announced = token;
  if (token) trigger("taught", { session: token });
  else trigger("ended", {});
}

function showQuality() {
  const { quality } = lesson;
  find("quality").hidden = !quality;
  showKeep();
  announce();
  if (!quality) return forgetScores();
  say("trained", "trained", { photos: quality.photos.join(" + "), seconds: decimal(quality.seconds, quality.seconds < 0.095 ? 2 : 1) });
  find("trained").classList.add("done");
  const held = quality.held_back;
  for (const part of ["held", "errors", "wrong"]) find(part).hidden = !held;
  if (held) {
    showRight(held);
    showConfusion(held.confusion, quality.answers);
    showWrong(held.wrong);
  }
  find("advice").replaceChildren(...advised(quality.advice).map((each) => make("li", { textContent: advice(each) })));
}

/** A class of one burst has few different photos, of course: that is said once. */
function advised(all) {
  const bursts = new Set(all.filter(({ code }) => code === "one_burst").map(({ values }) => values.label));
  return all.filter(({ code, values }) => code !== "few_photos" || !bursts.has(values.label));
}

function advice({ code, values, text: english }) {
  if (!texts()[ADVICE[code]]) return english;
  return text(ADVICE[code], { ...values, label: shown(values.label), other: shown(values.other) });
}

function showRight({ right, of, accuracy, interval: [low, high] }) {
  say("right", "right", { right, of });
  say("interval", "interval", { low: Math.floor(100 * low), high: Math.round(100 * high) });
  const range = find("range");
  range.firstElementChild.style.cssText = `left: ${100 * low}%; width: ${100 * (high - low)}%`;
  range.lastElementChild.style.left = `${100 * accuracy}%`;
}

/** Rows: what the photos show; columns: what was answered. */
function showConfusion(confusion, answers) {
  const head = make("tr", {}, make("td"), ...answers.map((label) => make("th", { scope: "col", textContent: shown(label) })));
  const rows = confusion.map((row, index) => {
    const all = Math.max(1, row.reduce((sum, n) => sum + n, 0));
    const cells = row.map((n, column) => {
      const cell = make("td", { textContent: n, className: n ? (column === index ? "hit" : "miss") : "" });
      cell.style.setProperty("--share", n / all);
      return cell;
    });
    return make("tr", {}, make("th", { scope: "row", textContent: shown(answers[index]) }), ...cells);
  });
  find("confusion").replaceChildren(
    make("caption", { textContent: text("confusion_caption") }),
    make("thead", {}, head),
    make("tbody", {}, ...rows),
  );
}

function showWrong(wrong) {
  find("wrong").hidden = !wrong.length;
  const photos = new Map(lesson.classes.flatMap((own) => own.photos.map((photo) => [photo.id, photo])));
  const items = wrong.filter(({ photo }) => photos.has(photo)).map((each) => {
    const values = { label: shown(each.label), answer: shown(each.answer), percent: probability(each.probability) };
    const picture = make("img", { src: photos.get(each.photo).thumbnail, alt: "" });
    const button = make("button", { type: "button", title: text("wrong_as", values) }, picture, make("span", { textContent: text("wrong_as", values) }));
    button.addEventListener("click", () => showEvidence(each, values));
    return make("li", {}, button);
  });
  find("wrong_list").replaceChildren(...items);
}

/** A dialog with the heat map for what a photo was taken for. */
async function showEvidence({ photo, answer }, values) {
  const figure = make("div", { className: "evidence" }, make("p", { textContent: text("looking") }));
  ask(text("wrong_as", values), figure);
  try {
    const { thumbnail, overlay } = await request("GET", `/${lesson.session}/photos/${photo}/heat?label=${encodeURIComponent(answer)}`);
    figure.replaceChildren(
      make("img", { src: thumbnail, alt: text("evidence_photo") }),
      make("img", { src: overlay, alt: text("evidence_alt", values) }),
      make("p", { textContent: text("evidence", values) }),
    );
  } catch (error) {
    figure.replaceChildren(make("p", { textContent: error.status ? error.message : text("no_server") }));
  }
}
