// The camera, one for collecting and for trying. While the button over its picture is held, about eight frames a second go
// to the class that is chosen; they share a burst. Frames are as the camera sees them; a front camera's picture is a mirror.

const FRAME_INTERVAL = 125; // milliseconds between two frames of a burst
const FIRST_INTERVAL = 300; // a tap is shorter, and takes one
const QUALITY = 0.85; // of the JPEG
const PROBLEMS = { NotAllowedError: "refused_camera", SecurityError: "refused_camera", NotFoundError: "missing", NotReadableError: "in_use" };

const [video, still, shutter, start, stop, turn] = ["video", "still", "shutter", "start", "stop", "turn"].map(find);
const canvas = document.createElement("canvas");
let stream = null;
let showing = 0; // a new number for every start and stop of the camera: what belongs to an older one ends by itself
let wanted = { facingMode: { ideal: "environment" } };
let burst = ""; // the token of the burst that is being taken
let taken = 0;

const cameras = async () => (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");

function isFront(track) {
  const { facingMode } = track.getSettings();
  if (facingMode) return facingMode === "user";
  return !/back|rear|environment/i.test(track.label); // a webcam on a desk does not say; it looks at its user
}

/** What the camera sees now, as a JPEG of the size that the network needs. */
function frame() {
  const scale = Math.min(1, props.side / Math.min(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

function closeCamera() {
  showing += 1;
  release();
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  showStage();
}

async function openCamera() {
  closeCamera();
  if (!window.isSecureContext) return say("camera_message", "insecure");
  if (!navigator.mediaDevices?.getUserMedia) return say("camera_message", "missing");
  const mine = showing;
  start.disabled = true;
  say("camera_message", "starting");
  try {
    const found = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, ...wanted }, audio: false });
    if (mine === showing && stage.clientWidth) stream = found;
    else found.getTracks().forEach((track) => track.stop()); // stopped, or the tab was left, while the camera started
  } catch (error) {
    if (mine === showing) say("camera_message", PROBLEMS[error.name] ?? "failed");
  }
  start.disabled = false;
  if (mine !== showing || !stream) return;
  await play(mine);
}

async function play(mine) {
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => mine === showing && (closeCamera(), say("camera_message", "lost")));
  for (const each of [video, find("heat")]) each.classList.toggle("mirrored", isFront(track));
  video.srcObject = stream;
  await video.play().catch(() => {});
  while (mine === showing && !video.videoWidth) await pause(20);
  const several = (await cameras()).length > 1;
  if (mine !== showing) return;
  say("camera_message", "");
  turn.hidden = !several;
  showStage();
  shutter.focus({ preventScroll: true });
  tryFrames(mine);
}

async function otherCamera() {
  const { facingMode, deviceId } = stream.getVideoTracks()[0].getSettings();
  const all = await cameras();
  const next = all[(all.findIndex((camera) => camera.deviceId === deviceId) + 1) % all.length];
  wanted = facingMode
    ? { facingMode: { ideal: facingMode === "user" ? "environment" : "user" } }
    : { deviceId: { exact: next.deviceId } };
  await openCamera();
  turn.focus();
}

function leaveCamera() {
  if (!stream && !start.disabled) return;
  closeCamera();
  say("camera_message", "left");
}

/** Takes frames for the class that is chosen until the button is let go; a tap takes one. */
async function hold() {
  const own = current();
  if (burst || !stream || !own) return;
  const mine = (burst = crypto.randomUUID().slice(0, 8));
  [taken, over] = [0, 0];
  stage.classList.add("held");
  for (let wait = FIRST_INTERVAL; burst === mine && !own.gone; wait = FRAME_INTERVAL) {
    const began = performance.now();
    if (!room(own)) {
      leftOut(1);
      break;
    }
    const name = text("frame", { n: ++taken });
    const blob = await frame();
    if (blob) send(own, [{ name, blob }], mine);
    find("taken").textContent = taken;
    while (burst === mine && performance.now() - began < wait) await pause(10);
  }
  if (burst === mine) release();
}

function release() {
  burst = "";
  stage.classList.remove("held");
  find("taken").textContent = "";
}

/** The stage shows the camera's picture, a photo that is tried, or neither. */
function showStage() {
  const on = Boolean(stream && video.videoWidth);
  const isStill = stage.classList.contains("photo");
  stage.classList.toggle("on", on);
  shutter.hidden = !on || isStill;
  stop.hidden = !on && !isStill;
  if (!on) turn.hidden = true;
  showActive();
  showAnswer();
}

function listenForCamera() {
  start.addEventListener("click", openCamera);
  turn.addEventListener("click", otherCamera);
  stop.addEventListener("click", () => {
    if (stage.classList.contains("photo")) return putAway();
    closeCamera();
    start.focus();
  });
  shutter.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    shutter.setPointerCapture(event.pointerId);
    hold();
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) shutter.addEventListener(name, release);
  shutter.addEventListener("contextmenu", (event) => event.preventDefault()); // what a long press brings
  shutter.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) hold();
  });
  shutter.addEventListener("keyup", release);
  document.addEventListener("visibilitychange", () => document.hidden && leaveCamera());
  window.addEventListener("pagehide", closeCamera);
  new ResizeObserver(() => stage.clientWidth || leaveCamera()).observe(stage); // another tab is shown, or this one is gone
}
