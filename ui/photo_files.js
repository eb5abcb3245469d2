// The photos among files, by the rule of model/photo_files.py, whose names are in `RULE` {system, suffixes, archives}: a photo is
// what begins as one, or is called one, so that opening it says what is wrong; what is hidden is left out at any depth. The
// scripts beside it have `text`, with the keys of texts/*/files.json.

const HEAD = 64; // bytes that tell what a file is
const EXAMPLES = 3;
const AT_A_TIME = 16; // files that are looked into
const LOOKS = 2_000; // into files of one archive that are not called photos
const BRANDS = "avif|avis|heic|heix|heim|heis|hevc|hevx|mif1|msf1";
const BMP_HEADERS = "[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0";
const BEGINNINGS = new RegExp(
  `^(\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|II[*+]\0|MM\0[*+]|RIFF[^]{4}WEBP|[^]{4}ftyp(${BRANDS})|BM[^]{12}${BMP_HEADERS})`,
);

const isHidden = (path) => path.split("/").some((part) => part.startsWith(".") || RULE.system.includes(part.toLowerCase()));
const endsAs = (name, endings) => endings.some((ending) => name.toLowerCase().endsWith(ending));
const isPhotoName = (path) => endsAs(path.split("/").at(-1).split(/[?#]/)[0], RULE.suffixes);
const isArchiveName = (path) => endsAs(path, RULE.archives);

/** Whether a file that begins with these bytes is of a format that is accepted; as model/formats.py has it. */
const beginsAsPhoto = (head) => BEGINNINGS.test(String.fromCharCode(...head.subarray(0, HEAD)));

/** A path with forward slashes that stays in its folder, or null where it leads out of it. */
function withinArchive(name) {
  const parts = [];
  for (const part of name.replaceAll("\0", "").replaceAll("\\", "/").replace(/^[A-Za-z]:/, "").split("/")) {
    if (part === ".." && parts.pop() === undefined) return null;
    if (!["", ".", ".."].includes(part)) parts.push(part);
  }
  return parts.join("/") || null;
}

/** What is left out: for each reason how many files, and three examples. */
class LeftOut {
  tallies = new Map(); // reason, a key of the texts → {count, examples}

  add(reason, example) {
    const tally = this.tallies.get(reason) ?? this.tallies.set(reason, { count: 0, examples: [] }).get(reason);
    tally.count += 1;
    if (tally.examples.length < EXAMPLES) tally.examples.push(withoutControls(example));
  }

  /** A sentence for each reason, in a language that numbers are written in. */
  sentences(language) {
    return [...this.tallies].map(([reason, { count, examples }]) => {
      const some = [...examples, ...(count > examples.length ? ["…"] : [])].join(", ");
      const values = { reason: text(reason), n: count.toLocaleString(language), examples: some };
      return text(count === 1 ? "omitted_one" : "omitted", values);
    });
  }
}

const LONGEST_NAME = 120;

/** A file's name without what would move the text around it, and not too long. */
function withoutControls(name) {
  const plain = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "�");
  return plain.length <= LONGEST_NAME ? plain : `${plain.slice(0, LONGEST_NAME / 2)}…${plain.slice(-LONGEST_NAME / 2)}`;
}

/**
 * The photos among files that nobody named one by one: [{name, head: gives its first bytes, and if there is one, why: a reason to leave it out}].
 * What is left out is counted, as what it is called below a folder or an archive.
 */
async function photosAmongMany(files, leftOut, below = "") {
  const photos = [];
  let looks = LOOKS;
  const look = async (file) => {
    if (looks <= 0) return "why_unseen";
    looks -= 1;
    return whyNotInside(file);
  };
  for (let at = 0; at < files.length; at += AT_A_TIME) {
    const some = files.slice(at, at + AT_A_TIME);
    const reasons = await Promise.all(some.map((file) => whyNotByName(file) ?? look(file)));
    for (const [index, file] of some.entries()) {
      if (reasons[index]) leftOut.add(reasons[index], below + file.name);
      else photos.push(file);
    }
  }
  return photos;
}

/** Why a file is left out, or an empty text where it is a photo; null where its name does not tell. */
function whyNotByName({ name, inside = name, why }) {
  if (why) return why;
  if (isHidden(inside)) return "why_hidden";
  return isPhotoName(name) ? "" : null;
}

/** The same by what it begins with. */
async function whyNotInside({ name, head }) {
  try {
    if (beginsAsPhoto(await head())) return "";
  } catch {
    return "why_unreadable";
  }
  return isArchiveName(name) ? "why_archive" : "why_not_photos";
}

const whyNot = async (file) => whyNotByName(file) ?? whyNotInside(file);
