// Training: by itself, shortly after the last change, once two classes have three photos each.

const QUIET = 400; // milliseconds without a change
const ENOUGH = 3; // photos of a class
let timer = 0;
let isTraining = false;
let isStale = false; // something changed while it was training

const filled = () => lesson.classes.filter(({ neither, photos }) => !neither && photos.length >= ENOUGH);

/** Something changed: what was trained is old. */
function changed() {
  clearTimeout(timer);
  isStale = true;
  if (filled().length >= 2) timer = setTimeout(train, QUIET);
  else {
    isStale = false;
    find("trained").classList.remove("done");
    if (lesson.quality) forgetModel();
    tell("trained", lacking());
  }
}

/** How many photos two classes still need. */
function lacking() {
  const most = lesson.classes.filter(({ neither }) => !neither).sort((a, b) => b.photos.length - a.photos.length).slice(0, 2);
  if (most.length < 2) return text("two_classes");
  if (!most[0].photos.length) return text("needs_all", { n: ENOUGH });
  const needs = most.filter(({ photos }) => photos.length < ENOUGH);
  return needs.map(({ name, photos }) => text("needs", { name, n: ENOUGH - photos.length })).join(" ");
}

async function train() {
  if (isTraining || isSending()) return; // it is asked again when that is over
  const current = era;
  [isTraining, isStale] = [true, false];
  find("trained").classList.add("busy");
  if (!lesson.quality) say("trained", "training");
  let wait = 0;
  try {
    const quality = await request("POST", `/${lesson.session}/train`);
    if (current === era) learnt(quality);
  } catch (error) {
    if (current === era) wait = failed(error);
  }
  isTraining = false;
  find("trained").classList.remove("busy");
  if (wait) timer = setTimeout(train, 1000 * wait);
  else if (isStale) changed();
}

function learnt(quality) {
  lesson.quality = quality;
  showQuality();
  answerPhoto();
}

/** Says what the server said; after how many seconds to try again. */
function failed(error) {
  if (error.status === 409) { // too few photos after all
    forgetModel();
    tell("trained", error.message);
    return 0;
  }
  tell("trained", error.status ? error.message : text("no_server"));
  return error.wait ?? 2;
}

function forgetModel() {
  lesson.quality = null;
  showQuality();
}
