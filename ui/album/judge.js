// The judge: where a photo lies in a folder that is named after a label, that is its truth.

const ENDINGS = { en: ["s", "es"], de: ["n", "en", "e", "er"], es: ["s", "es"], fr: ["s", "x"] }; // of the plural

const plainly = (name) => name.normalize("NFC").toLowerCase().replace(/[_\s-]+/g, " ").trim();

/**
 * Every way to name a label's folder: itself, in each language, in the plural; the label itself comes before all others.
 * names: [[language, {label: its name}]].
 */
function foldersOf(labels, names) {
  const folders = new Map();
  const put = (name, label) => folders.has(plainly(name)) || folders.set(plainly(name), label);
  const pairs = labels.map((label) => ["en", label, label]);
  for (const [language, own] of names) pairs.push(...labels.filter((label) => label in own).map((label) => [language, own[label], label]));
  for (const [, name, label] of pairs) put(name, label);
  for (const [language, name, label] of pairs) {
    for (const ending of ENDINGS[language] ?? []) put(name + ending, label);
    if (language === "en" && /[^aeiou]y$/i.test(name)) put(name.replace(/y$/i, "ies"), label);
  }
  return folders;
}

/** The label that the nearest folder around a photo names, or undefined. A zip is a folder, too. */
function truthIn(path, folders) {
  const around = path.split("/").slice(0, -1).reverse();
  return around.map((folder) => folders.get(plainly(folder.replace(/\.zip$/i, "")))).find(Boolean);
}

/** 95 % confidence interval of the share of `right` among n trials (Wilson 1927), 0-1; as model.calibration has it. */
function wilsonInterval(right, n) {
  const z = 1.959964;
  const [share, spread] = [right / n, (z * z) / n];
  const half = z * Math.sqrt((share * (1 - share)) / n + spread / (4 * n));
  const [low, high] = [(share + spread / 2 - half) / (1 + spread), (share + spread / 2 + half) / (1 + spread)];
  return [Math.max(0, Math.min(share, low)), Math.min(1, Math.max(share, high))];
}

/**
 * How often the answers are true.
 * Takes [{truth, labels: what was answered, probability}]; gives {n, right, interval, pairs: Map of truth → Map of answer → n,
 * mistakes: the most confident first}, or null where nothing has a truth.
 */
function judge(rows) {
  const judged = rows.filter(({ truth }) => truth !== undefined);
  if (!judged.length) return null;
  const isRight = ({ truth, labels }) => labels.length === 1 && labels[0] === truth;
  const right = judged.filter(isRight).length;
  const pairs = new Map();
  for (const { truth, labels } of judged) {
    const line = pairs.get(truth) ?? pairs.set(truth, new Map()).get(truth);
    const answer = labels.join(", ");
    line.set(answer, (line.get(answer) ?? 0) + 1);
  }
  const mistakes = judged.filter((row) => !isRight(row)).sort((one, other) => other.probability - one.probability);
  return { n: judged.length, right, interval: wilsonInterval(right, judged.length), pairs, mistakes };
}
