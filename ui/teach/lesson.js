// The lesson: classes and their photos as the server of this page keeps them, and the requests that change it. A session is
// opened with the first thing a visitor does, so that looking at the tab takes nobody's place.

const STORED = "teach"; // where sessionStorage keeps the token of the session
const lesson = { session: "", classes: [], quality: null, limits: props.limits, publish: { possible: false, user: null } };
const ENDED = { idle: "ended_idle", full: "ended_full", lost: "ended_lost" };
let opening = null; // the session that is being opened, or is open
let era = 0; // a new number whenever another lesson begins: what belongs to an older one ends by itself

/** The server's no: its sentence, its status (0: no photo of ours, never sent), and after how many seconds to ask again. */
class Refusal extends Error {
  constructor(status, sentence, wait = 0) {
    super(sentence);
    Object.assign(this, { status, wait });
  }
}

/** Asks a route of the session; gives the response. Throws a Refusal, or whatever fetch throws where nothing answers. */
async function fetchLesson(method, path, body) {
  const current = era;
  const response = await fetch(`${serverAddress()}/api/teach/sessions${path}`, { method, body });
  if (response.ok) return response;
  const { error = `${response.status}`, ended } = await response.json().catch(() => ({}));
  if (ENDED[ended] && current === era) begin(text(ENDED[ended], { minutes: lesson.limits.minutes }));
  throw new Refusal(response.status, error, Number(response.headers.get("Retry-After")) || 1);
}

const request = async (...asked) => (await fetchLesson(...asked)).json();
const json = (value) => new Blob([JSON.stringify(value)], { type: "application/json" });

/** A class; made: its number on the server, as soon as it is there; waiting: photos on their way. */
function newClass(name, neither = false) {
  return { name, neither, photos: [], made: null, waiting: 0, gone: false };
}

/** The session's token; opens a session where there is none. */
async function session() {
  opening ??= request("POST", "").then(remember);
  try {
    return await opening;
  } catch (error) {
    opening = null;
    throw error;
  }
}

function remember({ session: token, limits, publish }) {
  Object.assign(lesson, { session: token, limits, publish });
  sessionStorage.setItem(STORED, token);
  showKeep();
  return token;
}

/** The class's number on the server, which makes it where it has none, after those that stand before it. */
async function identify(own) {
  const token = await session();
  const before = lesson.classes[lesson.classes.indexOf(own) - 1];
  if (before) await identify(before);
  own.made ??= request("POST", `/${token}/classes`, json({ name: labelOf(own), neither: own.neither })).then(({ id }) => id);
  try {
    return await own.made;
  } catch (error) {
    own.made = null;
    throw error;
  }
}

/** What belongs to the lesson so far ends. */
function leave() {
  era += 1;
  for (const own of lesson.classes) own.gone = true;
  stopSending();
}

/** Everything is as this state says. */
function adopt(state) {
  leave();
  opening = Promise.resolve(state.session);
  lesson.classes = state.classes.map(({ id, name, neither, photos }) => ({ ...newClass(name, neither), photos, made: Promise.resolve(id) }));
  lesson.quality = state.quality;
  remember(state);
  showClasses();
  showQuality();
  changed();
}

/** A new lesson with two empty classes; the sentence says why. */
function begin(sentence = "") {
  leave();
  opening = null;
  sessionStorage.removeItem(STORED);
  Object.assign(lesson, { session: "", quality: null, classes: [1, 2].map((n) => newClass(text("class", { n }))) });
  showClasses();
  showQuality();
  showKeep();
  changed();
  tell("message", sentence);
}

/** The lesson that this browser tab had before it was loaded again. */
async function restore(token) {
  if (!token) return;
  try {
    adopt(await request("GET", `/${token}`));
  } catch (error) {
    if (!error.status) say("message", "no_server"); // otherwise it was said, and another lesson begins
  }
}

const isUnnamed = (own) => !own.neither && own.name === text("class", { n: own.name.match(/\d+/)?.[0] });

function freeName() {
  const taken = new Set(lesson.classes.map(({ name }) => name));
  for (let n = lesson.classes.length + 1; ; n += 1) if (!taken.has(text("class", { n }))) return text("class", { n });
}

function addClass(name, neither = false) {
  const own = newClass(name, neither);
  lesson.classes.push(own);
  showClasses();
  return own;
}

/** Gives it another name; the server's no brings the old one back. */
async function rename(own, name, before = own.name) {
  own.name = name;
  showClasses();
  try {
    await request("PATCH", `/${await session()}/classes/${await identify(own)}`, json({ name }));
    if (own.photos.length) changed();
  } catch (error) {
    if (own.gone) return;
    own.name = before;
    showClasses();
    tell("message", error.status ? error.message : text("no_server"));
  }
}

async function removeClass(own) {
  own.gone = true;
  lesson.classes = lesson.classes.filter((each) => each !== own);
  forget(own);
  showClasses();
  const id = await own.made?.catch(() => null);
  if (id) await attempt("DELETE", `/${lesson.session}/classes/${id}`);
  changed();
}

async function removePhoto(own, photo) {
  own.photos = own.photos.filter((each) => each !== photo);
  await attempt("DELETE", `/${lesson.session}/photos/${photo.id}`);
  changed();
}

async function attempt(...asked) {
  try {
    await request(...asked);
  } catch (error) {
    tell("message", error.status ? error.message : text("no_server"));
  }
}

/** An empty session in place of this one. */
async function startAgain() {
  const token = lesson.session;
  begin();
  if (token) await attempt("DELETE", `/${token}`);
}
