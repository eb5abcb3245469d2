// The photos in what a visitor gave: folders walked through and zips opened already or on the way, what is left out counted.

/**
 * One after the other: {name, blob: gives it, size: where it is known without asking the disk, isLoose: chosen by itself, why:
 * gives the reason why it is no photo}; of a zip that gives none, {name, file, and isEmpty, error, or isMarked: it holds `marker`}.
 */
async function* photosIn(found, leftOut, marker = "") {
  for (const one of found) {
    const { file, name, inside } = one;
    if (file && isZip(file) && !isHidden(inside)) yield* photosInZip(file, name, leftOut, marker);
    else if (isChosen(one) || (await photosAmongMany([one], leftOut)).length) {
      yield { name, blob: () => file, isLoose: one.isLoose, why: () => whyNot(one) };
    }
  }
}

/** Whether a visitor named it, so that whatever it is, it gets an answer. */
const isChosen = (one) => one.file && one.isLoose && !isHidden(one.name) && !isArchiveName(one.name);

async function* photosInZip(file, name, leftOut, marker) {
  try {
    const entries = await unzip(file);
    if (marker && entries.some((entry) => entry.name === marker)) return void (yield { name, file, isMarked: true });
    const photos = await photosAmongMany(entries, leftOut, `${name}/`);
    if (!photos.length) yield { name, file, isEmpty: true };
    for (const { name: below, blob, size } of photos) yield { name: `${name}/${below}`, blob, size, isLoose: false };
  } catch (error) {
    yield { name, file, error };
  }
}
