// However a photo comes to a tab that shows one: chosen, dropped or pasted anywhere on the page, or taken along from the camera of
// the tab Live. It goes to the tab that is open; where that has no photo, to Classify. What cannot be taken is said below the photo.

const PHOTOS = { classify: "#photo", inside: "#inside-photo", lab: "#lab-photo" };
const BOXES = Object.values(PHOTOS).join();
const OWN = ["album", "teach"]; // tabs that take files themselves
const PATIENCE = 5000; // milliseconds

const openedTab = () => document.querySelector("[role=tab][aria-selected=true]")?.dataset.tabId;
let isGiving = false; // what Gradio is told of by this script

const isTaken = (file) => file.type.startsWith("image/") && file.size <= props.max_bytes;

async function appears(selector) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const found = document.querySelector(selector);
    if (found) return found;
    await pause(50);
  }
  return null;
}

/** Says something below a tab's photo, until the next one is given. */
function tellBelow(box, key, values = {}) {
  box.parentElement.querySelector(":scope > .not-taken")?.remove();
  if (!key) return;
  box.after(make("p", { className: "problem not-taken", role: "alert", textContent: fill(texts()[key], values) }));
}

/** Put files where a visitor would have put them: the first one, and whatever it is, for the server says what is wrong with it. */
async function give(files) {
  let tab = openedTab();
  if (!PHOTOS[tab]) {
    tab = "classify";
    openTab(tab);
  }
  const box = await appears(PHOTOS[tab]);
  if (!box) return;
  const [file] = files;
  const values = { name: file.name, mb: props.max_bytes / 1e6 };
  if (file.size > props.max_bytes) return tellBelow(box, "too_large", values);
  tellBelow(box, files.length > 1 ? "only_first" : "", values);
  if (!box.querySelector("input[type=file]")) box.querySelector("[data-testid=source-select] button")?.click(); // was the camera
  const input = await appears(`${PHOTOS[tab]} input[type=file]`);
  if (!input) return;
  const transfer = new DataTransfer();
  transfer.items.add(isTaken(file) ? file : new File([file], file.name, { type: "image/unknown" })); // Gradio takes images alone
  input.files = transfer.files;
  isGiving = true;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  isGiving = false;
}

async function giveFromClipboard(box) {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((each) => each.startsWith("image/"));
      if (type) return give([new File([await item.getType(type)], `clipboard.${type.slice(6)}`, { type })]);
    }
    tellBelow(box, "nothing_to_paste");
  } catch {
    tellBelow(box, "no_clipboard");
  }
}

/** Keeps an event from Gradio, which would refuse some files in English and forget the photo that is there. */
function take(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

const over = (isOver) => document.documentElement.classList.toggle("dropping", isOver);

function listen(type, handle) {
  window.addEventListener(type, handle, { capture: true });
}

listen("change", (event) => {
  const files = event.target.matches?.("input[type=file]") && event.target.closest(BOXES) ? [...event.target.files] : [];
  if (!files.length || isGiving) return;
  if (files.length === 1 && isTaken(files[0])) return tellBelow(event.target.closest(BOXES), "");
  take(event);
  give(files);
});
listen("click", (event) => {
  const paste = event.target.closest?.(`:is(${BOXES}) [data-testid=source-select] button:last-child`);
  if (!paste) return;
  take(event);
  giveFromClipboard(paste.closest(BOXES));
});
window.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault(); // or the browser would leave the page for the file
  over(PHOTOS[openedTab()] !== undefined);
});
window.addEventListener("dragleave", (event) => event.relatedTarget || over(false));
listen("drop", (event) => {
  over(false);
  const files = [...(event.dataTransfer?.files ?? [])];
  if (!files.length || OWN.includes(openedTab())) return;
  take(event);
  give(files);
});
window.addEventListener("drop", (event) => event.dataTransfer?.files.length && event.preventDefault()); // beside what takes files
window.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || event.defaultPrevented || OWN.includes(openedTab())) return;
  event.preventDefault();
  give(files);
});
window.addEventListener("photo-for-classify", ({ detail }) => {
  openTab("classify");
  give([new File([detail.blob], "camera.jpg", { type: detail.blob.type })]);
});
