// The Live tab: one frame at a time goes to /api/classify; while an answer is on its way, the camera's frames are skipped.
// Where the visitor has chosen what the tab Teach has taught, the frames go to the session that is named by the page's data-model.
// Gradio runs this once, with `element` (the tab's HTML) and `props` (texts, answers, side, value = the language).

const MIN_INTERVAL = 100; // milliseconds between two frames sent
const ANSWER_TIMEOUT = 10_000;
const QUALITY = 0.85;
const SHOWN = 10; // bars, where a model has more answers
const NEITHER = "neither";

const find = (name) => element.querySelector(`[data-part="${name}"]`);
const [stage, video, start, stop, turn, message, figures, best, bars] =
  ["stage", "video", "start", "stop", "turn", "message", "figures", "best", "bars"].map(find);
const canvas = document.createElement("canvas");

let stream = null;
let session = 0; // a new number for every start and stop: what belongs to an older one ends by itself
let wanted = { facingMode: { ideal: "user" } };
let said = ""; // the text that is shown as the message

const texts = () => props.texts[props.value] ?? props.texts.en;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const percent = (share) => `${Math.round(100 * share)} %`;

function say(key, detail = "") {
  said = key;
  message.textContent = key ? [texts()[key], detail].filter(Boolean).join(" ") : "";
}

function write() {
  for (const part of element.querySelectorAll("[data-text]")) part.textContent = texts()[part.dataset.text];
  video.setAttribute("aria-label", texts().video);
  bars.setAttribute("aria-label", texts().bars);
  if (said) say(said);
}

function row(label) {
  const line = document.createElement("div");
  line.className = "bar";
  line.setAttribute("role", "meter");
  line.setAttribute("aria-valuemin", "0");
  line.setAttribute("aria-valuemax", "100");
  for (const name of ["label", "share", "track"]) {
    const part = document.createElement("span");
    part.className = name;
    line.append(part);
  }
  line.lastChild.append(document.createElement("span"));
  bars.append(line);
  return line;
}

/** The labels in an order that stays: neither comes last. */
function labelsOf(scores, token) {
  if (!token) return props.answers;
  const labels = scores.map(({ label }) => label).filter((label) => label !== NEITHER).sort((one, other) => one.localeCompare(other));
  return labels.length < scores.length ? [...labels, NEITHER] : labels;
}

function show(scores, token) {
  const shares = Object.fromEntries(scores.map(({ label, score }) => [label, score]));
  const labels = labelsOf(scores, token);
  const shown = labels.length <= SHOWN ? labels : scores.slice(0, SHOWN).map(({ label }) => label);
  while (bars.childElementCount > shown.length) bars.lastChild.remove();
  shown.forEach((label, index) => {
    const line = bars.children[index] ?? row(label);
    const [name, share, track] = line.children;
    line.setAttribute("aria-label", label);
    line.setAttribute("aria-valuenow", Math.round(100 * shares[label]));
    name.textContent = label;
    share.textContent = percent(shares[label]);
    track.firstChild.style.width = `${100 * shares[label]}%`;
    line.classList.toggle("first", label === scores[0].label);
  });
  if (best.textContent !== scores[0].label) best.textContent = scores[0].label; // read aloud when it changes
}

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

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function ask(current) {
  const times = []; // when each of the latest answers came
  while (session === current) {
    const began = performance.now();
    let wait = MIN_INTERVAL;
    try {
      const body = await frame();
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT);
      const token = document.documentElement.dataset.model;
      const route = token ? `/api/teach/sessions/${encodeURIComponent(token)}/classify` : "/api/classify";
      const response = body && (await fetch(serverAddress() + route, { method: "POST", body, signal }));
      const answer = response && (await response.json());
      if (session !== current) return;
      if (!answer || !response.ok) {
        say("no_answer", answer?.error);
        wait = 1000 * (Number(response?.headers.get("Retry-After")) || 1);
      } else {
        const now = performance.now();
        while (times.length && now - times[0] > 2000) times.shift();
        times.push(now);
        show(token ? answer.scores : answer, token);
        const rate = (1000 * (times.length - 1)) / (now - times[0]);
        if (times.length > 1) figures.textContent = fill(texts().figures, { rate: rate.toFixed(1), time: Math.round(now - began) });
        if (said) say("");
      }
    } catch (error) {
      if (session !== current) return;
      say(error.name === "TimeoutError" ? "slow" : "no_server");
      wait = 2000;
    }
    await pause(Math.max(0, wait - (performance.now() - began)));
  }
}

function close() {
  session += 1;
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  stage.classList.remove("on");
  start.disabled = false;
  stop.disabled = true;
  turn.hidden = true;
  figures.textContent = "";
}

const PROBLEMS = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", NotReadableError: "in_use" };

async function open() {
  close();
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
    return say(PROBLEMS[error.name] ?? "failed", PROBLEMS[error.name] ? "" : error.message);
  }
  if (session !== current || !stage.clientWidth) { // stopped, or the tab was left, while the camera started
    opened.getTracks().forEach((track) => track.stop());
    if (session === current) close();
    return;
  }
  stream = opened;
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => session === current && (close(), say("lost")));
  video.classList.toggle("mirrored", isFront(track));
  video.srcObject = stream;
  await video.play().catch(() => {});
  while (session === current && !video.videoWidth) await pause(20);
  if (session !== current) return;
  stage.classList.add("on");
  stop.disabled = false;
  say("");
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
  turn.hidden = cameras.length < 2;
  ask(current);
}

async function other() {
  const { facingMode, deviceId } = stream.getVideoTracks()[0].getSettings();
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
  const next = cameras[(cameras.findIndex((camera) => camera.deviceId === deviceId) + 1) % cameras.length];
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
  say("");
  start.focus();
});
turn.addEventListener("click", other);
document.addEventListener("visibilitychange", () => document.hidden && leave());
window.addEventListener("pagehide", close);
new ResizeObserver(() => stage.clientWidth || leave()).observe(stage); // another tab is shown, or this one is gone
watch("value", write);
write();
