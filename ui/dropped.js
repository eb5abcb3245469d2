// What a visitor chose or dropped, folders walked through: [{file, name: its path, inside: its path below the folder that was
// given, isLoose: chosen by itself, head: gives its first bytes}]. What cannot be read has no file.

const isZip = ({ name, type }) => /\.zip$/i.test(name) || type === "application/zip" || type === "application/x-zip-compressed";

/** A file as all that follow take it. */
const given = (file, name, isLoose = !name.includes("/")) => ({
  file,
  name,
  isLoose,
  inside: isLoose ? name : name.split("/").slice(1).join("/"), // a folder that is given itself is never hidden
  head: async () => new Uint8Array(await file.slice(0, HEAD).arrayBuffer()),
});

const named = (list) => [...list].map((file) => given(file, file.webkitRelativePath || file.name, !file.webkitRelativePath));

/** Everything below a dropped file or folder. */
async function inside(entry) {
  const name = entry.fullPath.replace(/^\//, "");
  try {
    if (entry.isFile) return [given(await new Promise((resolve, reject) => entry.file(resolve, reject)), name)];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
      if (!some.length) return found;
      for (const each of some) found.push(...(await inside(each)));
    }
  } catch {
    return [{ ...given(null, name), why: "why_unreadable" }];
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean); // now: later they are gone
  if (!entries.some((entry) => entry.isDirectory)) return named(transfer.files);
  const found = [];
  for (const entry of entries) found.push(...(await inside(entry)));
  return found;
}
