// What was dropped or chosen, as the photos of the album: folders walked through, zips opened, in the order of the drops.

let tooMany = 0; // files
let leftOut = new LeftOut();
let listing = Promise.resolve(); // drops are listed one after the other
let era = 0; // a new number whenever the album is cleared: what belongs to an older one ends by itself
let drops = 0;

/** A photo. open: gives its bytes as a Blob. size: where it is known without asking the disk. drop: the number of its drop. */
function newPhoto(name, open, size, drop) {
  return { name: withoutControls(name), path: name, open, size, drop, state: "waits", answer: null, problem: "", thumbnail: "" };
}

/** Puts files into the album, behind those that wait already. */
function take(found) {
  const mine = era;
  const drop = (drops += 1);
  const omitted = leftOut;
  listing = listing.then(async () => {
    for await (const given of photosIn(found, omitted)) {
      if (mine !== era) return;
      const photo = newPhoto(given.name, given.blob ?? (() => given.file), given.size, drop);
      if (!given.blob) Object.assign(photo, { state: "done", problem: problemOf(given) });
      add(photo);
    }
    if (mine === era) run();
  });
}

/** What is wrong with a zip. */
function problemOf({ isEmpty, error }) {
  if (isEmpty) return text("zip_empty");
  return error.status === 0 ? error.message : text("zip_broken");
}

function add(photo) {
  if (album.photos.length < props.max_photos) album.photos.push(photo);
  else tooMany += 1;
}

/** What tells a file from all others without reading it; a zip's entry has its own place in it. */
const identity = (photo, blob) => [photo.path, blob.size, blob.lastModified ?? ""].join("|");

function listenForFiles() {
  const zone = find("zone");
  find("choose").addEventListener("click", () => find("files").click());
  find("folder").addEventListener("click", () => find("directory").click());
  find("folder").hidden = !("webkitdirectory" in find("directory"));
  for (const input of [find("files"), find("directory")]) {
    input.addEventListener("change", () => {
      take(named(input.files));
      input.value = ""; // the same files can be chosen again
    });
  }
  const isHere = () => element.clientWidth > 0 && !dialog.open; // another tab is shown otherwise, or a photo
  const over = (isOver) => zone.classList.toggle("over", isOver);
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!isHere() || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      over(true);
    });
  }
  document.addEventListener("dragleave", (event) => event.relatedTarget || over(false));
  document.addEventListener("drop", async (event) => {
    over(false);
    if (!isHere() || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    take(await dropped(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!isHere() || !files.length) return;
    event.preventDefault();
    take(named(files));
  });
}
