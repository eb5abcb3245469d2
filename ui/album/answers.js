// Asks for the answers: a few photos at a time, in the order in which they came; what is dropped meanwhile waits. Where the
// server is busy, a photo waits as long as it says; where nothing answers, all wait until the visitor goes on.

const AT_ONCE = 4;
const ATTEMPTS = 3; // where nothing answers
const PATIENCE = 120_000; // milliseconds that a photo waits for a busy server
const OF_PHOTOS = [400, 413, 415]; // the server's no to a photo, whose sentence says why
let working = 0;
let stopped = false;
let trouble = ""; // why no photo can be answered
let again = 0; // files that the album has already
let asked = 0; // requests so far
let since = 0; // the first request that was answered by the model of the album
const known = new Set(); // identities of what is in the album

const waiting = () => album.photos.filter(({ state }) => state === "waits");

/** Begins, where nobody works yet, and there is something to do. */
function run() {
  [stopped, trouble] = [false, ""];
  employ();
  if (!working) showAll();
  else showProgress();
}

function employ() {
  while (working < AT_ONCE && waiting().length) work(era);
}

async function work(mine) {
  working += 1;
  for (let photo; !stopped && !trouble && (photo = album.photos.find(({ state }) => state === "waits")); ) {
    photo.state = "asked";
    try {
      await answer(photo, mine);
    } catch (error) {
      if (mine !== era) return;
      if (error.status === 0) Object.assign(photo, { state: "done", problem: error.message });
      else [photo.state, trouble] = ["waits", error.message];
    }
    if (mine !== era) return;
    const isDropDone = !album.photos.some(({ drop, state }) => drop === photo.drop && state !== "done");
    if (isDropDone && waiting().length) showAnswers();
    reportProgress();
  }
  working -= 1;
  if (!working) showAll();
}

/** One photo's answer, or a Refusal: of status 0 for what is wrong with the photo, else with what is wrong with the server. */
async function answer(photo, mine) {
  const body = await bytesOf(photo);
  const key = identity(photo, body);
  if (!photo.known && known.has(key)) {
    if (mine === era) forgetTwin(photo);
    return;
  }
  [photo.known, photo.size] = [true, body.size];
  known.add(key);
  const deadline = performance.now() + PATIENCE;
  for (let failures = 0; mine === era; ) {
    const [number, token] = [(asked += 1), chosen()];
    const headers = { "Accept-Language": language() };
    let reply;
    let content;
    try {
      reply = await fetch(`${serverAddress()}/api/album?session=${encodeURIComponent(token)}`, { method: "POST", body, headers });
      content = await reply.json();
    } catch {
      if (++failures >= ATTEMPTS) throw new Refusal(-1, text("no_server"));
      await pause(1000 * failures);
      continue;
    }
    if (mine !== era) return;
    if (reply.ok) return accept(photo, content, number, token);
    if (OF_PHOTOS.includes(reply.status)) throw new Refusal(0, content.error);
    if (reply.status !== 503) throw new Refusal(reply.status, content.error);
    if (performance.now() > deadline) throw new Refusal(503, text("busy"));
    await pause(1000 * (Number(reply.headers.get("Retry-After")) || 1));
  }
}

async function bytesOf(photo) {
  if (photo.size > props.max_bytes) throw new Refusal(0, tooLarge());
  const blob = await photo.open();
  if (blob.size > props.max_bytes) throw new Refusal(0, tooLarge());
  try {
    await blob.slice(0, 1).arrayBuffer();
  } catch {
    throw new Refusal(0, text("unreadable")); // moved or changed since it was chosen
  }
  return blob;
}

const tooLarge = () => text("too_large", { mb: props.max_bytes / 1e6 });

/** An album is answered by one model: where another one answers, what the old one said is asked again. */
function accept(photo, content, number, token) {
  const { model } = content;
  const isOther = !album.model || album.model.number !== model.number || album.model.token !== token;
  if (isOther && number < since) return void (photo.state = "waits"); // asked before the model changed
  if (isOther) {
    since = number;
    album.model = { ...model, token };
    const old = answered();
    for (const each of old) Object.assign(each, { state: "waits", answer: null });
    if (old.length) showAnswers();
    if (!stopped) employ();
  }
  const { labels, probability, probabilities } = content;
  Object.assign(photo, { state: "done", problem: "", thumbnail: content.thumbnail, answer: { labels, probability, probabilities } });
}

/** The same file is in the album already. */
function forgetTwin(photo) {
  album.photos.splice(album.photos.indexOf(photo), 1);
  again += 1;
}

/** Everything is asked again, by the model that is chosen now. */
function askAgain() {
  for (const photo of answered()) photo.state = "waits";
  run();
}

function clearAlbum() {
  era += 1;
  known.clear();
  Object.assign(album, { photos: [], model: null });
  [working, tooMany, leftOut, again, stopped, trouble] = [0, 0, new LeftOut(), 0, false, ""];
  showAll();
}
