// What a visitor chose or dropped, folders walked through: [{file, name: its path}].

const OF_SYSTEMS = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i; // what systems put beside photos
const isZip = ({ name, type }) => /\.zip$/i.test(name) || type === "application/zip" || type === "application/x-zip-compressed";

const named = (list) => [...list].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

/** Everything below a dropped file or folder. */
async function inside(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return found;
    for (const each of some) found.push(...(await inside(each)));
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean); // now: later they are gone
  if (!entries.some((entry) => entry.isDirectory)) return named(transfer.files);
  const found = [];
  for (const entry of entries) found.push(...(await inside(entry)));
  return found;
}
