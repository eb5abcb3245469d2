// A picture that stands still: the very frame that was there when the button was pressed, its answer, the heat map over it, and
// the way to other tabs.

const STILL_QUALITY = 0.92; // of the JPEG
const [still, over, heatOn, panel] = ["still", "heat", "heat_on", "frozen"].map(find);
let frozen = null; // {blob: what was answered, and what other tabs get; map: {heat, box} or null; answered}

async function freeze() {
  const mine = (session += 1); // the answers that are on their way belong to other pictures
  forgetAnswer();
  [still.width, still.height] = [video.videoWidth, video.videoHeight];
  still.getContext("2d").drawImage(video, 0, 0);
  frozen = { blob: null, map: null, answered: false };
  showStage();
  const blob = await new Promise((resolve) => still.toBlob(resolve, "image/jpeg", STILL_QUALITY));
  if (session !== mine) return;
  frozen.blob = blob;
  showStage();
  await explain();
}

/** Asks for the answer and the map of the frozen picture, again where the server is busy. */
async function explain() {
  const mine = (session += 1);
  let heat = true;
  forgetAnswer();
  Object.assign(frozen, { map: null, answered: false });
  drawMap();
  say("looking");
  while (session === mine) {
    try {
      const { token, scores, map } = await answerTo(frozen.blob, heat);
      if (session !== mine) return;
      show(scores, token);
      const [{ label, score }] = scores;
      spoken.textContent = fill(texts().frozen, { name: nameOf(label, token), share: probability(score) });
      Object.assign(frozen, { map, answered: true });
      drawMap();
      return say(map ? "" : "no_heat");
    } catch (problem) {
      if (session !== mine) return;
      if (problem.status === 501) heat = false; // this network cannot be explained; it still answers
      else if (!problem.wait) return say(problem.key === "gone" ? "gone" : "not_answered");
      else {
        say(problem.key);
        await pause(problem.wait);
      }
    }
  }
}

function drawMap() {
  if (frozen?.map && heatOn.checked) drawHeat(over, frozen.map.heat, frozen.map.box, still.width, still.height);
  else clearHeat(over);
}

/** Back to the moving picture, or to none. */
function thaw() {
  session += 1;
  frozen = null;
  clearHeat(over);
  forgetAnswer();
  say("");
  showStage();
}

function toggle() {
  if (!frozen) return freeze();
  thaw();
  return ask(session);
}

function listenForFreezing() {
  find("freeze").addEventListener("click", toggle);
  heatOn.addEventListener("change", drawMap);
  const whose = { attributes: true, attributeFilter: ["data-model"] };
  new MutationObserver(() => frozen?.blob && explain()).observe(document.documentElement, whose); // another model is chosen
  find("to_classify").addEventListener("click", () =>
    window.dispatchEvent(new CustomEvent("photo-for-classify", { detail: { blob: frozen.blob } })),
  );
  find("to_teach").hidden = !props.teach;
  find("to_teach").addEventListener("click", () => {
    const { blob } = frozen;
    window.photoForTeach = blob; // the tab is built when it is first opened, and takes it then
    openTab("teach");
    window.dispatchEvent(new CustomEvent("photo-for-teach", { detail: { blob } }));
  });
}
