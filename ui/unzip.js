// Reads a zip in the browser, an entry at a time, so that it never leaves the browser whole and is never whole in memory
// (APPNOTE.TXT of PKWARE, 4.3; stored and deflated entries; no zip64, which only files above 4 GB need). The scripts beside it
// have `text`, with the keys zip_broken, zip_large, zip_locked, zip_method and zip_overlap, and the error `Refusal`(status, sentence).

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const FILE = 0x04034b50;
const LONGEST_END = 22 + 65535; // the record, and its comment
const LARGEST_DIRECTORY = 2 ** 26;
const LOCKED = 1;
const UTF_8 = 2048;
const [UNIX, KIND, LINK] = [3, 0xf000, 0xa000]; // who made an entry, and what it is

const view = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());

/**
 * The files in a zip: [{name, size, blob: gives it, head: gives its first bytes, why: a reason to leave it out}].
 * Throws a Refusal that says what is wrong with the zip.
 */
async function unzip(file) {
  const broken = () => new Refusal(0, text("zip_broken"));
  const tailAt = Math.max(0, file.size - LONGEST_END);
  const tail = await view(file, tailAt, file.size);
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw broken();
  const [count, length, offset] = [tail.getUint16(end + 10, true), tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  if (count === 0xffff || offset === 0xffffffff || length > LARGEST_DIRECTORY) throw new Refusal(0, text("zip_large"));
  if (offset + length > tailAt + end) throw broken();
  const entries = entriesIn(await view(file, offset, offset + length));
  if ((entries?.length & 0xffff) !== count) throw broken(); // some count no further
  checkPlaces(entries, offset);
  return entries.filter(({ isFolder }) => !isFolder).map((entry) => fileOf(file, entry));
}

/** The entries of a directory, or null where it makes no sense. */
function entriesIn(directory) {
  const entries = [];
  for (let at = 0; at < directory.byteLength; ) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== ENTRY) return null;
    const [name, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(at + field, true));
    if (at + 46 + name > directory.byteLength) return null;
    const flags = directory.getUint16(at + 8, true);
    const written = decoded(new Uint8Array(directory.buffer, at + 46, name), flags & UTF_8);
    entries.push({
      name: written,
      isFolder: /[/\\]$/.test(written),
      isLink: directory.getUint8(at + 5) === UNIX && (directory.getUint16(at + 40, true) & KIND) === LINK,
      locked: flags & LOCKED,
      method: directory.getUint16(at + 10, true),
      packed: directory.getUint32(at + 20, true),
      size: directory.getUint32(at + 24, true),
      offset: directory.getUint32(at + 42, true),
    });
    at += 46 + name + extra + comment;
  }
  return entries;
}

/** Every entry has a place of its own before the directory: where they share bytes, a small zip would be endless photos. */
function checkPlaces(entries, end) {
  const inOrder = [...entries].sort((one, other) => one.offset - other.offset);
  for (const [index, { offset, packed }] of inOrder.entries()) {
    if (offset + 30 + packed > (inOrder[index + 1]?.offset ?? end)) throw new Refusal(0, text("zip_overlap"));
  }
}

function fileOf(file, entry) {
  const name = withinArchive(entry.name);
  return {
    name: name ?? entry.name,
    size: entry.size,
    blob: () => unpack(file, entry),
    head: async () => new Uint8Array(entry.size ? await (await unpack(file, entry, HEAD)).arrayBuffer() : 0),
    why: name === null ? "why_outside" : entry.isLink ? "why_link" : "",
  };
}

function decoded(bytes, isUtf8) {
  try {
    return new TextDecoder("utf-8", { fatal: !isUtf8 }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** What is in an entry, or the first `most` bytes of it. */
async function unpack(file, { offset, packed, size, method, locked }, most = size) {
  if (locked) throw new Refusal(0, text("zip_locked"));
  if (method !== 0 && method !== 8) throw new Refusal(0, text("zip_method"));
  try {
    const header = await view(file, offset, offset + 30);
    const start = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    const content = file.slice(start, start + packed);
    const wanted = Math.min(size, most);
    const unpacked = () => content.stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const blob = method === 0 ? content.slice(0, most) : await inflated(unpacked(), wanted, most < size);
    const isWhole = method !== 0 || packed === size;
    if (header.getUint32(0, true) === FILE && isWhole && blob.size === wanted) return blob;
  } catch {
    // a Refusal below
  }
  throw new Refusal(0, text("zip_broken"));
}

/** What the stream gives, which is not more than it promised; or the first `size` bytes of it. */
async function inflated(stream, size, isFirst) {
  const parts = [];
  let sum = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    parts.push(value);
    sum += value.length;
    if (sum < size || (sum === size && !isFirst)) continue;
    await reader.cancel();
    if (isFirst) return new Blob(parts).slice(0, size);
    throw new RangeError();
  }
}
