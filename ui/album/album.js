// The album begins: how far it is, what waits, the buttons that make sense now, and everything that is shown of the answers.

const MOST = 5; // answers that are counted while it goes on
const NEWS = 250; // milliseconds between two reports of how far it is
let reported = 0;

/** Often, while it goes on: not for each photo. */
function reportProgress() {
  if (performance.now() - reported > NEWS) showProgress();
}

function showProgress() {
  reported = performance.now();
  const all = album.photos;
  const done = all.filter(({ state }) => state === "done").length;
  const isRunning = working > 0;
  find("bar").hidden = !isRunning;
  tell("count", text("progress", { done: count(done), n: count(all.length) }));
  Object.assign(find("share"), { max: Math.max(1, all.length), value: done });
  const counts = new Map();
  for (const photo of isRunning ? answered() : []) counts.set(answerOf(photo), (counts.get(answerOf(photo)) ?? 0) + 1);
  const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, MOST);
  tell("answered_so_far", most.map(([name, n]) => `${name} ${count(n)}`).join(", "));
  tell("queue", isRunning ? queued() : "");
  find("trouble").hidden = !trouble;
  tell("trouble", trouble);
  const left = waiting().length;
  find("stop").hidden = !isRunning || stopped;
  find("more").hidden = isRunning || !left;
  tell("more", text("more", { photos: photosCounted(left) }));
  find("csv").hidden = !done;
  find("clear").hidden = !all.length && !leftOut.tallies.size;
  const isOther = Boolean(album.model) && album.model.token !== chosen();
  find("again").hidden = isRunning || !isOther;
  const unusable = all.filter(({ problem }) => problem).length;
  const finished = text("done", { n: count(done - unusable), bad: count(unusable) });
  tell("summary", isRunning || !done ? "" : [finished, isOther ? text("other_model") : ""].filter(Boolean).join(" "));
}

/** What waits behind the drop that is being answered. */
function queued() {
  const current = album.photos.find(({ state }) => state !== "done")?.drop;
  const behind = waiting().filter(({ drop }) => drop !== current);
  const n = new Set(behind.map(({ drop }) => drop)).size;
  if (!n) return "";
  return n === 1 ? text("drop_waits", { photos: photosCounted(behind.length) }) : text("drops_wait", { n, photos: photosCounted(behind.length) });
}

function showAnswers() {
  findTruths();
  showProblems();
  showJudge();
  showGallery();
  showTable();
}

function showAll() {
  showAnswers();
  showProgress();
}

/** What is under way is answered, and shown with what was answered before. */
function stopSoon() {
  stopped = true;
  showProgress();
  find("choose").focus();
}

find("stop").addEventListener("click", stopSoon);
find("more").addEventListener("click", run);
find("again").addEventListener("click", askAgain);
find("csv").addEventListener("click", downloadCsv);
find("clear").addEventListener("click", () => {
  clearAlbum();
  find("choose").focus();
});
listenForFiles();
listenForViewing();
new MutationObserver(showProgress).observe(document.documentElement, { attributes: true, attributeFilter: ["data-model"] });
watch("value", () => {
  write();
  showAll();
});
write();
showProgress();
