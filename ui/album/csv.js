// All answers as a CSV file in UTF-8, with a byte-order mark, so that spreadsheets recognise it; a column for every answer.

const FORMULA = /^[=+\-@\t\r]/; // a cell that begins so is run by spreadsheets (OWASP, CSV injection): an apostrophe comes first

const cellOf = (value) => {
  const safe = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** rows: [{name, truth, answer, problem}]; a column for the truth where `judged`. */
function csvOf(rows, answers, judged) {
  const number = (value) => value.toFixed(6);
  const none = Array(answers.length + 2).fill("");
  const said = ({ labels, probability, probabilities }) => [labels.join(", "), ...[probability, ...probabilities].map(number)];
  const lines = rows.map(({ name, truth, answer, problem }) => [
    name,
    ...(judged ? [truth ?? ""] : []),
    ...(answer ? said(answer) : none),
    problem,
  ]);
  const headers = ["file", ...(judged ? ["truth"] : []), "answer", "probability", ...answers, "problem"];
  return `\ufeff${[headers, ...lines].map((line) => line.map(cellOf).join(",")).join("\r\n")}\r\n`;
}

function downloadCsv() {
  const { answers = [], csv = "answers.csv" } = album.model ?? {};
  const rows = album.photos.filter(({ state }) => state === "done");
  const content = csvOf(rows, answers, rows.some(({ truth, answer }) => truth !== undefined && answer));
  const link = make("a", { href: URL.createObjectURL(new Blob([content], { type: "text/csv" })), download: csv });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
