// Photos that are dropped or pasted anywhere on the page, or taken along from the camera of the tab Live, go to the photo of the
// tab that is open; where it has none, to the tab Classify.

const PHOTOS = { classify: "#photo", inside: "#inside-photo", lab: "#lab-photo" };
const OWN = ["album", "teach"]; // tabs that take files themselves
const PATIENCE = 5000; // milliseconds

const openTab = () => document.querySelector("[role=tab][aria-selected=true]")?.dataset.tabId;

async function appears(selector) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const found = document.querySelector(selector);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return null;
}

/** Put a file where a visitor would have put it. */
async function give(file) {
  let tab = openTab();
  if (!PHOTOS[tab]) {
    tab = "classify";
    document.querySelector(`[role=tab][data-tab-id=${tab}]`)?.click();
  }
  const box = await appears(PHOTOS[tab]);
  if (!box?.querySelector("input[type=file]")) box?.querySelector("[data-testid=source-select] button")?.click(); // was the camera
  const input = await appears(`${PHOTOS[tab]} input[type=file]`);
  if (!input) return;
  const transfer = new DataTransfer();
  transfer.items.add(file);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function over(isOver) {
  document.documentElement.classList.toggle("dropping", isOver);
}

window.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault(); // or the browser would leave the page for the file
  over(PHOTOS[openTab()] !== undefined);
});
window.addEventListener("dragleave", (event) => event.relatedTarget || over(false));
window.addEventListener("drop", (event) => {
  over(false);
  const [file] = event.dataTransfer?.files ?? [];
  if (!file || event.defaultPrevented) return; // a part of the page took it
  event.preventDefault();
  if (!OWN.includes(openTab())) give(file);
});
window.addEventListener("paste", (event) => {
  const [file] = event.clipboardData?.files ?? [];
  if (!file || event.defaultPrevented || OWN.includes(openTab())) return;
  event.preventDefault();
  give(file);
});
window.addEventListener("photo-for-classify", ({ detail }) => {
  document.querySelector("[role=tab][data-tab-id=classify]")?.click();
  give(new File([detail.blob], "camera.jpg", { type: detail.blob.type }));
});
