// Reads a zip in the browser, an entry at a time, so that it never leaves the browser whole and is never whole in memory
// (APPNOTE.TXT of PKWARE, 4.3; stored and deflated entries; no zip64, which only files above 4 GB need). The scripts beside it
// have `text`, with the keys zip_broken, zip_large, zip_locked and zip_method, and the error `Refusal`(status, sentence).

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LONGEST_END = 22 + 65535; // the record, and its comment
const LOCKED = 1;
const UTF_8 = 2048;

const view = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());

/** The files in a zip: [{name, size, blob: gives it}]. Throws a Refusal that says what is wrong with the zip. */
async function unzip(file) {
  const broken = () => new Refusal(0, text("zip_broken"));
  const tail = await view(file, Math.max(0, file.size - LONGEST_END), file.size);
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw broken();
  const [count, length, offset] = [tail.getUint16(end + 10, true), tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  if (count === 0xffff || offset === 0xffffffff) throw new Refusal(0, text("zip_large"));
  const directory = await view(file, offset, offset + length);
  const entries = [];
  for (let at = 0, n = 0; n < count; n += 1) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== ENTRY) throw broken();
    const [name, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(at + field, true));
    if (at + 46 + name > directory.byteLength) throw broken();
    const flags = directory.getUint16(at + 8, true);
    const entry = {
      name: decoded(new Uint8Array(directory.buffer, at + 46, name), flags & UTF_8),
      locked: flags & LOCKED,
      method: directory.getUint16(at + 10, true),
      packed: directory.getUint32(at + 20, true),
      size: directory.getUint32(at + 24, true),
      offset: directory.getUint32(at + 42, true),
    };
    if (!entry.name.endsWith("/")) entries.push({ name: entry.name, size: entry.size, blob: () => unpack(file, entry) });
    at += 46 + name + extra + comment;
  }
  return entries;
}

function decoded(bytes, isUtf8) {
  try {
    return new TextDecoder("utf-8", { fatal: !isUtf8 }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

async function unpack(file, { offset, packed, size, method, locked }) {
  if (locked) throw new Refusal(0, text("zip_locked"));
  if (method !== 0 && method !== 8) throw new Refusal(0, text("zip_method"));
  try {
    const header = await view(file, offset, offset + 30);
    const start = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    const content = file.slice(start, start + packed);
    if (method === 0) return content;
    const blob = await inflated(content.stream().pipeThrough(new DecompressionStream("deflate-raw")), size);
    if (blob.size === size) return blob;
  } catch {
    // a Refusal below
  }
  throw new Refusal(0, text("zip_broken"));
}

/** What the stream gives, which is not more than it promised. */
async function inflated(stream, size) {
  const parts = [];
  let sum = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    parts.push(value);
    sum += value.length;
    if (sum > size) {
      await reader.cancel();
      throw new RangeError();
    }
  }
}
