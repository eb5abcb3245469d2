// Takes files and folders, dropped or chosen, and sends them to Gradio's upload route a few at a time, so that a thousand do
// not block the page. Gradio runs this once, with `element`, `props` (texts, max_bytes, max_files; value = the language),
// and `trigger`, which tells Python what was uploaded: {files: [{path, name}], too_large: [name], left_out: number}.

const BATCH_FILES = 20;
const BATCH_BYTES = 20_000_000;

const find = (name) => element.querySelector(`[data-part="${name}"]`);
const [zone, choose, folder, files, directory, message] =
  ["zone", "choose", "folder", "files", "directory", "message"].map(find);
let busy = false;

const texts = () => props.texts[props.value] ?? props.texts.en;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const say = (key, values = {}) => (message.textContent = key ? fill(texts()[key], values) : "");

function write() {
  for (const part of element.querySelectorAll("[data-text]")) part.textContent = texts()[part.dataset.text];
}

// A few files at a time, and the names of those that are too large. A browser asks the disk for every size, so the sizes of a
// thousand files at once would block the page.
function* batches(taken, too_large) {
  let batch = [];
  let bytes = 0;
  for (const each of taken) {
    const { size } = each.file;
    if (size > props.max_bytes) {
      too_large.push(each.name);
      continue;
    }
    if (batch.length && (batch.length >= BATCH_FILES || bytes + size > BATCH_BYTES)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(each);
    bytes += size;
  }
  if (batch.length) yield batch;
}

async function upload(batch) {
  const form = new FormData();
  for (const { file } of batch) form.append("files", file, file.name);
  const prefix = window.gradio_config?.api_prefix ?? "/gradio_api";
  const response = await fetch(`${serverAddress()}${prefix}/upload`, { method: "POST", body: form });
  if (!response.ok) throw new Error(`${response.status}`);
  const paths = await response.json();
  return batch.map(({ name }, index) => ({ path: paths[index], name }));
}

async function send(all) {
  const found = all.filter(({ name }) => !name.split("/").some((part) => part.startsWith("."))); // .DS_Store and the like
  if (busy || !found.length) return;
  busy = true;
  const taken = found.slice(0, props.max_files);
  const uploaded = [];
  const too_large = [];
  try {
    for (const batch of batches(taken, too_large)) {
      say("uploading", { done: uploaded.length, n: taken.length });
      uploaded.push(...(await upload(batch)));
    }
    say("sent", { n: uploaded.length });
    trigger("upload", { files: uploaded, too_large, left_out: found.length - taken.length });
  } catch {
    say("not_uploaded", { done: uploaded.length, n: taken.length });
  }
  busy = false;
}

choose.addEventListener("click", () => files.click());
folder.addEventListener("click", () => directory.click());
folder.hidden = !("webkitdirectory" in directory);
for (const input of [files, directory]) {
  input.addEventListener("change", () => {
    send(named(input.files));
    input.value = ""; // the same files can be chosen again
  });
}
for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
zone.addEventListener("dragleave", () => zone.classList.remove("over"));
zone.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  send(await dropped(event.dataTransfer));
});
watch("value", write);
write();
