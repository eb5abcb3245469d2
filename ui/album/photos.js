// What was dropped or chosen, as the photos of the album: folders walked through, zips opened, in the order of the drops.

const LONGEST_NAME = 120;
let leftOut = 0; // files that were too many
let listing = Promise.resolve(); // drops are listed one after the other
let era = 0; // a new number whenever the album is cleared: what belongs to an older one ends by itself
let drops = 0;

/** A file's name without what would move the text around it, and not too long. */
function shown(name) {
  const plain = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "�");
  return plain.length <= LONGEST_NAME ? plain : `${plain.slice(0, LONGEST_NAME / 2)}…${plain.slice(-LONGEST_NAME / 2)}`;
}

/** A photo. open: gives its bytes as a Blob. size: where it is known without asking the disk. drop: the number of its drop. */
function newPhoto(name, open, size, drop) {
  return { name: shown(name), path: name, open, size, drop, state: "waits", answer: null, problem: "", thumbnail: "" };
}

/** Puts files into the album, behind those that wait already. */
function take(found) {
  const mine = era;
  const drop = (drops += 1);
  listing = listing.then(async () => {
    for (const { file, name } of found) {
      if (mine !== era) return;
      if (OF_SYSTEMS.test(name)) continue;
      if (isZip(file)) await takeZip(file, name, drop, mine);
      else add(newPhoto(name, () => file, undefined, drop));
    }
    if (mine === era) run();
  });
}

async function takeZip(file, name, drop, mine) {
  try {
    const entries = (await unzip(file)).filter((entry) => !OF_SYSTEMS.test(entry.name));
    if (mine !== era) return;
    if (!entries.length) throw new Refusal(0, text("zip_empty"));
    for (const entry of entries) add(newPhoto(`${name}/${entry.name}`, entry.blob, entry.size, drop));
  } catch (error) {
    if (mine !== era) return;
    add({ ...newPhoto(name, () => file, undefined, drop), state: "done", problem: error.status === 0 ? error.message : text("zip_broken") });
  }
}

function add(photo) {
  if (album.photos.length < props.max_photos) album.photos.push(photo);
  else leftOut += 1;
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
