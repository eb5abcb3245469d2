// Photos on their way to the server: a few at a time, as they are. Where the server is busy they wait as long as it says.

const AT_ONCE = 3;
const ATTEMPTS = 3; // where nothing answers
let queue = []; // {own: the class, name, blob: a Blob or what gives one, burst}
let workers = 0;
let underWay = 0; // photos
let sentSoFar = 0;
let notBefore = 0; // when the server wants to be asked again
let refused = 0; // files
let over = 0; // photos of what was given last that were too many

const isSending = () => underWay + queue.length > 0;
const room = (own) => {
  const all = lesson.classes.reduce((sum, each) => sum + each.photos.length + each.waiting, 0);
  return Math.max(0, Math.min(lesson.limits.per_class - own.photos.length - own.waiting, lesson.limits.photos - all));
};

/** Takes photos [{name, blob, and size where the blob does not say it}] for a class; what is over the limits is counted and said. */
function send(own, photos, burst = "") {
  const free = room(own);
  const taken = [];
  for (const [index, photo] of photos.entries()) {
    if (taken.length === free) { // a browser asks the disk for every size, so those of the rest are not asked for
      leftOut(photos.length - index);
      break;
    }
    if ((photo.size ?? photo.blob.size) <= lesson.limits.max_bytes) taken.push({ ...photo, own, burst });
    else refuse(photo.name, text("too_large", { mb: lesson.limits.max_bytes / 1e6 }));
  }
  if (!isSending()) sentSoFar = 0;
  own.waiting += taken.length;
  queue.push(...taken);
  showSending();
  showCount(own);
  while (workers < AT_ONCE && queue.length) work(era);
}

function leftOut(n) {
  over += n;
  say("message", "left_out", { n: over, per_class: lesson.limits.per_class, photos: lesson.limits.photos });
}

async function work(current) {
  workers += 1;
  while (current === era && queue.length) {
    const job = queue.shift();
    underWay += 1;
    try {
      await deliver(job, current);
    } catch (error) {
      if (current === era && !job.own.gone) refuse(job.name, error.status === undefined ? text("not_sent") : error.message);
    }
    if (current !== era) return; // another lesson has begun, which counts its own
    job.own.waiting -= 1;
    underWay -= 1;
    sentSoFar += 1;
    showSending();
    showCount(job.own);
  }
  workers -= 1;
  if (!isSending()) changed();
}

/** Sends one photo, again where the server asks to wait or does not answer. */
async function deliver({ own, name, blob, burst }, current) {
  const body = typeof blob === "function" ? await blob() : blob;
  for (let failures = 0; current === era && !own.gone; ) {
    await pause(Math.max(0, notBefore - Date.now()));
    try {
      const id = await identify(own);
      const query = new URLSearchParams({ name, burst });
      const answer = await request("POST", `/${lesson.session}/classes/${id}/photos?${query}`, body);
      if (current === era && !own.gone) arrived(own, { ...answer, burst });
      return;
    } catch (error) {
      if (error.status === 429 || error.status === 503) {
        notBefore = Date.now() + 1000 * error.wait;
        showSending();
      } else if (error.status !== undefined || ++failures >= ATTEMPTS) throw error;
      else await pause(1000 * failures);
    }
  }
}

function arrived(own, photo) {
  own.photos.push(photo);
  showPhoto(own, photo);
}

function refuse(name, reason) {
  refused += 1;
  find("refused").hidden = false;
  find("refused_count").textContent = text("refused", { n: refused });
  find("refused_list").append(make("li", {}, make("b", { textContent: name }), ` ${reason}`));
}

/** What waits for a class that is gone is not sent. */
function forget(own) {
  const before = queue.length;
  queue = queue.filter((job) => job.own !== own);
  sentSoFar += before - queue.length;
  showSending();
}

function stopSending() {
  [queue, refused, workers, underWay, sentSoFar, notBefore] = [[], 0, 0, 0, 0, 0];
  find("refused").hidden = true;
  find("refused_list").replaceChildren();
  tellOmitted([]);
  showSending();
}

function showSending() {
  const all = sentSoFar + underWay + queue.length;
  const busy = isSending();
  find("sending").classList.toggle("on", busy);
  find("sent").max = Math.max(1, all);
  find("sent").value = sentSoFar;
  const waits = notBefore > Date.now();
  if (busy) find("sent_text").textContent = text(waits ? "waits" : "sent", { done: sentSoFar, n: all });
}
