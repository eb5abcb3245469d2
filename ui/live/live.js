// The camera: one frame at a time goes to /api/classify; while an answer is on its way, the camera's frames are skipped. Where
// the visitor has chosen what the tab Teach has taught, the frames go to the session that is named by the page's data-model.

const MIN_INTERVAL = 100; // milliseconds between two frames sent
const ANSWER_TIMEOUT = 10_000;
const QUALITY = 0.85;
const [start, stop, turn] = ["start", "stop", "turn"].map(find);
const canvas = document.createElement("canvas");

let stream = null;
let session = 0; // a new number for every start, stop and freezing: what belongs to an older one ends by itself
let wanted = { facingMode: { ideal: "user" } };

const cameras = async () => (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");

function isFront(track) {
  const { facingMode } = track.getSettings();
  if (facingMode) return facingMode === "user";
  return !/back|rear|environment/i.test(track.label); // a webcam on a desk does not say; it looks at its user
}

async function frame() {
  const scale = Math.min(1, props.side / Math.min(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height); // as the camera sees it, never flipped
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/**
 * Asks the model that is chosen: {token: whose model, scores: the best first, map: {heat, box} where it is wanted}.
 * Throws {status, key: the text that says why there is no answer, wait: milliseconds until asking again makes sense, or 0}.
 */
async function answerTo(body, heat = false) {
  const token = document.documentElement.dataset.model ?? "";
  const mine = `/api/teach/sessions/${encodeURIComponent(token)}/classify${heat ? "?heat=1" : ""}`;
  const route = token ? mine : heat ? "/api/explain" : "/api/classify";
  let response;
  let answer;
  try {
    response = await fetch(serverAddress() + route, { method: "POST", body, signal: AbortSignal.timeout(ANSWER_TIMEOUT) });
    answer = await response.json();
  } catch (error) {
    throw { status: 0, key: error.name === "TimeoutError" ? "slow" : "no_server", wait: 2000 };
  }
  if (!response.ok) {
    const key = response.status === 503 ? "busy" : token && [404, 409].includes(response.status) ? "gone" : "no_answer";
    throw { status: response.status, key, wait: response.status === 503 ? 1000 * (Number(response.headers.get("Retry-After")) || 1) : 0 };
  }
  return { token, scores: answer.scores ?? answer, map: answer.heat ? { heat: answer.heat, box: answer.box } : null };
}

async function ask(current) {
  const times = []; // when each of the latest answers came
  while (session === current) {
    const began = performance.now();
    let wait = MIN_INTERVAL;
    try {
      const body = await frame();
      const answer = body && session === current && (await answerTo(body));
      if (session !== current) return;
      if (answer) {
        show(answer.scores, answer.token);
        announce(best.textContent);
        showRate(times, performance.now() - began);
        if (said) say("");
      }
    } catch (problem) {
      if (session !== current) return;
      forgetAnswer(); // of a frame that is no longer shown
      say(problem.key);
      wait = problem.wait || 1000;
    }
    await pause(Math.max(0, wait - (performance.now() - began)));
  }
}

function showRate(times, took) {
  const now = performance.now();
  while (times.length && now - times[0] > 2000) times.shift();
  times.push(now);
  const rate = ((1000 * (times.length - 1)) / (now - times[0])).toLocaleString(language(), { maximumFractionDigits: 1 });
  if (times.length > 1) figures.textContent = fill(texts().figures, { rate, time: Math.round(took) });
}

/** The stage shows the camera's picture, one that stands still, or neither; and the buttons that make sense then. */
function showStage() {
  const on = Boolean(stream && video.videoWidth);
  stage.classList.toggle("on", on);
  stage.classList.toggle("frozen", Boolean(frozen));
  for (const each of [still, over]) each.classList.toggle("mirrored", video.classList.contains("mirrored"));
  stop.disabled = !on && !frozen;
  find("freeze").hidden = !on;
  find("freeze").textContent = texts()[frozen ? "resume" : "freeze"];
  panel.hidden = !frozen?.blob;
}

/** Closes the camera; a picture that stands still and has its answer stays. */
function close() {
  session += 1;
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  start.disabled = false;
  turn.hidden = true;
  if (!frozen?.answered) thaw();
  showStage();
}

const PROBLEMS = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", NotReadableError: "in_use" };

async function open() {
  close();
  if (frozen) thaw();
  if (!window.isSecureContext) return say("insecure");
  if (!navigator.mediaDevices?.getUserMedia) return say("missing");
  const current = session;
  start.disabled = true;
  say("starting");
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, ...wanted }, audio: false });
  } catch (error) {
    if (session !== current) return;
    close();
    return say(PROBLEMS[error.name] ?? "failed");
  }
  if (session !== current || !stage.clientWidth) { // stopped, or the tab was left, while the camera started
    opened.getTracks().forEach((track) => track.stop());
    if (session === current) close();
    return;
  }
  stream = opened;
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => stream === opened && (close(), say("lost")));
  video.classList.toggle("mirrored", isFront(track));
  video.srcObject = stream;
  await video.play().catch(() => {});
  while (session === current && !video.videoWidth) await pause(20);
  if (session !== current) return;
  say("");
  showStage();
  turn.hidden = (await cameras()).length < 2;
  if (session === current) ask(current);
}

async function other() {
  const { facingMode, deviceId } = stream.getVideoTracks()[0].getSettings();
  const all = await cameras();
  const next = all[(all.findIndex((camera) => camera.deviceId === deviceId) + 1) % all.length];
  wanted = facingMode
    ? { facingMode: { ideal: facingMode === "user" ? "environment" : "user" } }
    : { deviceId: { exact: next.deviceId } };
  await open();
}

function leave() {
  if (!stream && !start.disabled) return;
  close();
  say("left");
}

start.addEventListener("click", open);
stop.addEventListener("click", () => {
  close();
  if (frozen) thaw();
  start.focus();
});
turn.addEventListener("click", other);
document.addEventListener("visibilitychange", () => document.hidden && leave());
window.addEventListener("pagehide", close);
new ResizeObserver(() => stage.clientWidth || leave()).observe(stage); // another tab is shown, or this one is gone
listenForFreezing();
watch("value", () => {
  write();
  showStage();
});
write();
