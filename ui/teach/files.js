// Photos from files: dropped, chosen or pasted; single ones, folders, zips. Several folders fill a class each, by their names.

const PROJECT = "project.json"; // a zip that has it is a saved project
let active = null; // the class that has the focus, or was last used

/** The photos among files, as `send` takes them, zips opened; undefined where one is a project, which is loaded. */
async function photosAmong(found) {
  const leftOut = new LeftOut();
  const photos = [];
  for await (const given of photosIn(found, leftOut, PROJECT)) {
    const { name, file, error, isLoose, blob } = given;
    if (given.isMarked) return void loadProject(file);
    if (error) refuse(name, error.status === 0 ? error.message : text("zip_broken"));
    else if (isLoose && (await given.why())) refuse(name, text("no_photo"));
    else if (blob) photos.push({ ...given, blob: given.size === undefined ? blob() : blob });
  }
  tellOmitted(leftOut.sentences(props.value));
  return photos;
}

function tellOmitted(sentences) {
  find("omitted").replaceChildren(...sentences.map((sentence) => make("li", { textContent: sentence })));
}

const folderOf = ({ name }) => name.split("/").at(-2)?.replace(/\.zip$/i, "").normalize("NFC").trim() ?? "";

/** Puts what was found into a class; several folders, or one that was not given to a class, into the classes they name. */
async function take(found, own = null) {
  tell("message", "");
  over = 0;
  const photos = await photosAmong(found);
  if (!photos) return;
  if (!photos.length) return void (refused || say("message", "no_photos"));
  const folders = [...new Set(photos.map(folderOf))].filter(Boolean);
  if (own && folders.length < 2) return send(own, photos);
  const loose = photos.filter((photo) => !folderOf(photo));
  if (loose.length) send(own ?? current(), loose);
  let homeless = 0;
  for (const folder of folders) {
    const within = photos.filter((photo) => folderOf(photo) === folder);
    const target = classFor(folder);
    if (target) send(target, within);
    else homeless += within.length;
  }
  if (homeless) say("message", "too_many_classes", { n: homeless, classes: lesson.limits.classes });
}

/** The class a folder names: the one of that name, an empty one that nobody named yet, or a new one. */
function classFor(folder) {
  const name = tidy(folder);
  const same = (one, other) => one.localeCompare(other, undefined, { sensitivity: "accent" }) === 0;
  if (same(name, NEITHER)) return lesson.classes.find(({ neither }) => neither) ?? addClass(text("neither"), true);
  const found = lesson.classes.find((own) => !own.neither && same(own.name, name));
  if (found) return found;
  const unused = lesson.classes.find((own) => isUnnamed(own) && !own.photos.length && !own.waiting);
  if (unused) {
    rename(unused, name);
    return unused;
  }
  const full = lesson.classes.filter(({ neither }) => !neither).length >= lesson.limits.classes;
  return full ? null : addClass(name);
}

const current = () => (lesson.classes.includes(active) ? active : lesson.classes[0]);

function activate(own) {
  if (active === own) return;
  active = own;
  showActive();
  const row = find("chips");
  const chip = row.children[lesson.classes.indexOf(own)];
  row.scrollTo({ left: chip.offsetLeft - (row.clientWidth - chip.clientWidth) / 2 });
}

/** Opens one of the tab's file choosers, for a class or for all. */
function choose(part, own = null) {
  const input = find(part);
  input.onchange = () => {
    const files = named(input.files);
    input.value = ""; // the same files can be chosen again
    if (files.length) take(files, own);
  };
  input.click();
}

async function paste(own) {
  const files = [];
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((each) => each.startsWith("image/"));
      if (type) files.push(new File([await item.getType(type)], `${text("pasted")}.${type.slice(6)}`, { type }));
    }
  } catch {
    return say("message", "no_clipboard");
  }
  if (files.length) take(named(files), own);
  else say("message", "nothing_to_paste");
}

function listenForFiles() {
  const over = (event) => {
    if (!event.dataTransfer.types.includes("Files")) return; // a word that is dragged into a name
    event.preventDefault();
    const target = event.target.closest?.(".class, .stage") ?? root;
    for (const each of [root, stage, ...element.querySelectorAll(".class")]) each.classList.toggle("over", each === target);
  };
  const out = () => element.querySelectorAll(".over").forEach((each) => each.classList.remove("over"));
  root.addEventListener("dragenter", over);
  root.addEventListener("dragover", over);
  root.addEventListener("dragleave", (event) => root.contains(event.relatedTarget) || out());
  root.addEventListener("drop", async (event) => {
    out();
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    const own = classOf(event.target);
    const isTry = stage.contains(event.target);
    const found = await dropped(event.dataTransfer);
    if (isTry && found.length === 1 && !isZip(found[0].file)) tryPhoto(found[0].file);
    else take(found, own);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !root.clientWidth || dialog.open) return;
    event.preventDefault();
    take(named(files), current());
  });
  find("open_zip").addEventListener("click", () => choose("zip"));
  find("open_folder").addEventListener("click", () => choose("folder"));
  find("open_folder").hidden = !("webkitdirectory" in find("folder"));
}
