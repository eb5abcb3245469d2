// Trying what was taught: the camera's picture, one frame after the other, or a photo. A bar per class, and the heat map of
// the leading one.

const MIN_INTERVAL = 100; // milliseconds between two frames sent
const SPARING = 500; // the same while photos are sent: the server has enough to do
const [bars, heatOn] = ["bars", "heat_on"].map(find);
let scores = null; // the latest answer's

const canTry = () => Boolean(lesson.quality && lesson.session);

/** Asks the taught model: {scores, and where the heat map is shown, heat and box}. */
function answerTo(photo) {
  return request("POST", `/${lesson.session}/classify${heatOn.checked ? "?heat=1" : ""}`, photo);
}

async function tryFrames(mine) {
  const times = []; // when each of the latest answers came
  while (mine === showing) {
    const began = performance.now();
    let wait = isSending() ? SPARING : MIN_INTERVAL;
    if (canTry() && !burst && !isTraining && !stage.classList.contains("photo")) {
      try {
        const photo = await frame();
        const answer = photo && (await answerTo(photo));
        if (mine !== showing) return;
        if (answer && canTry() && !stage.classList.contains("photo")) {
          showScores(answer, video.videoWidth, video.videoHeight);
          showRate(times, performance.now() - began);
        }
      } catch (error) {
        wait = 1000 * (error.wait ?? 2);
        if (mine === showing && error.status !== 409) {
          forgetScores(); // they were an earlier picture's
          say("camera_message", error.status ? "no_answer" : "no_server");
        }
      }
    }
    await pause(Math.max(0, wait - (performance.now() - began)));
  }
}

function showRate(times, took) {
  const now = performance.now();
  while (times.length && now - times[0] > 2000) times.shift();
  times.push(now);
  const rate = (1000 * (times.length - 1)) / (now - times[0]);
  if (times.length > 1) say("figures", "figures", { rate: decimal(rate, 1), time: Math.round(took) });
  if (find("camera_message").textContent) say("camera_message", "");
}

function showScores(answer, width, height) {
  scores = answer.scores;
  showBars();
  showAnswer();
  if (answer.heat && heatOn.checked) drawHeat(find("heat"), answer.heat, answer.box, width, height);
  else clearHeat();
}

function forgetScores() {
  scores = null;
  clearHeat();
  tell("figures", "");
  showBars();
  showAnswer();
}

/** A bar for every class, from the beginning, so that nothing moves when the first answer comes. */
function showBars() {
  const labels = [...lesson.classes.filter(({ neither }) => !neither).map(({ name }) => name), NEITHER];
  const shares = Object.fromEntries((scores ?? []).map(({ label, score }) => [label, score]));
  while (bars.childElementCount > labels.length) bars.lastChild.remove();
  labels.forEach((label, index) => {
    const line = bars.children[index] ?? bars.appendChild(newBar());
    const share = shares[label];
    line.style.setProperty("--colour", colourOf(label));
    line.setAttribute("aria-label", shown(label));
    line.setAttribute("aria-valuenow", Math.round(100 * (share ?? 0)));
    line.classList.toggle("first", label === scores?.[0].label);
    const [name, number, track] = line.children;
    name.textContent = shown(label);
    number.textContent = share === undefined ? "–" : probability(share);
    track.firstChild.style.width = `${100 * (share ?? 0)}%`;
  });
}

/** The leading answer, on the picture; its name is read aloud when it changes. On the row of classes, a small bar each. */
function showAnswer() {
  const [first] = scores && (stage.classList.contains("on") || stage.classList.contains("photo")) ? scores : [];
  const name = first ? shown(first.label) : "";
  if (find("answer").textContent !== name) find("answer").textContent = name;
  tell("share", first ? probability(first.score) : "");
  find("leading").hidden = !first;
  find("leading").style.setProperty("--colour", colourOf(first?.label));
  const shares = Object.fromEntries((scores ?? []).map(({ label, score }) => [label, score]));
  lesson.classes.forEach((own, index) => {
    const share = shares[labelOf(own)] ?? 0;
    find("chips").children[index]?.style.setProperty("--share", share);
  });
}

let tried = null; // the photo that the stage shows

/** Shows a photo in the camera's place, and its answer. */
async function tryPhoto(file) {
  if (file.size > lesson.limits.max_bytes) return refuse(file.name, text("too_large", { mb: lesson.limits.max_bytes / 1e6 }));
  tried = file;
  forgetScores(); // they were another photo's
  say("camera_message", canTry() ? "" : "not_taught");
  try {
    const image = await createImageBitmap(file);
    if (tried !== file) return;
    const scale = Math.min(1, 1024 / Math.max(image.width, image.height));
    [still.width, still.height] = [Math.max(1, Math.round(scale * image.width)), Math.max(1, Math.round(scale * image.height))];
    still.getContext("2d").drawImage(image, 0, 0, still.width, still.height);
  } catch {
    [still.width, still.height] = [4, 3]; // a format that only the server opens: it is answered, not shown
  }
  still.setAttribute("aria-label", file.name);
  release();
  stage.classList.add("photo");
  find("heat").classList.remove("mirrored");
  showStage();
  stop.focus({ preventScroll: true });
  await answerPhoto();
}

async function answerPhoto() {
  const file = tried;
  if (!file || !canTry()) return;
  try {
    const answer = await answerTo(file);
    if (file !== tried) return;
    say("camera_message", "");
    tell("figures", "");
    showScores(answer, still.width, still.height);
  } catch (error) {
    if (file === tried) tell("camera_message", error.status ? error.message : text("no_server"));
  }
}

/** Back from a photo to the camera. */
function putAway() {
  tried = null;
  stage.classList.remove("photo");
  find("heat").classList.toggle("mirrored", video.classList.contains("mirrored"));
  forgetScores();
  showStage();
  (stream ? shutter : start).focus({ preventScroll: true });
}

function listenForTries() {
  heatOn.addEventListener("change", () => (heatOn.checked ? answerPhoto() : clearHeat()));
  find("try_photo").addEventListener("click", () => find("one").click());
  find("one").addEventListener("change", () => {
    const [file] = find("one").files;
    if (file) tryPhoto(file);
    find("one").value = "";
  });
}
