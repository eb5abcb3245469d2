// The album's table: sorted by a click on a heading, fifty rows to a page so that a thousand do not slow the browser.

const ROWS = 50;
const COLUMNS = 10; // of answers; where a model has more, none
let order = { column: -1, ascending: true }; // -1: as it came
let page = 0;

function compare(first, second) {
  const difference = typeof first === "number" ? first - second : String(first).localeCompare(String(second), undefined, { numeric: true });
  return order.ascending ? difference : -difference;
}

/** {headers, rows: [{photo, cells}]}: file, truth where any has one, answer, probability, and each answer where they are few. */
function tableOf(photos, isJudged) {
  const answers = album.model && album.model.answers.length <= COLUMNS ? album.model.answers : [];
  const headers = ["file", ...(isJudged ? ["truth"] : []), "answer", "probability"].map((key) => text(key));
  const rows = photos.map((photo) => {
    const { probability, probabilities } = photo.answer;
    const truth = isJudged ? [photo.truth === undefined ? "" : nameOf(photo.truth)] : [];
    return { photo, cells: [photo.name, ...truth, answerOf(photo), probability, ...(answers.length ? probabilities : [])] };
  });
  return { headers: [...headers, ...answers.map((label) => `p(${nameOf(label)})`)], rows };
}

function showTable() {
  const root = find("table");
  const photos = answered();
  const { headers, rows } = tableOf(photos, photos.some(({ truth }) => truth !== undefined));
  root.replaceChildren();
  if (!rows.length) return;
  if (order.column >= headers.length) order = { column: -1, ascending: true };
  if (order.column >= 0) rows.sort((one, other) => compare(one.cells[order.column], other.cells[order.column]));
  const pages = Math.ceil(rows.length / ROWS);
  page = Math.min(page, pages - 1);
  const head = make("tr", {}, ...headers.map((name, column) => heading(name, column, rows)));
  const body = rows.slice(page * ROWS, (page + 1) * ROWS).map(({ photo, cells }) => line(photo, cells));
  const table = make("table", {}, make("caption", { textContent: text("caption") }), make("thead", {}, head), make("tbody", {}, ...body));
  root.append(make("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": text("table") }, table));
  if (pages > 1) root.append(pager(pages));
}

function heading(name, column, rows) {
  const isSorted = column === order.column;
  const button = make("button", { type: "button", textContent: name + (isSorted ? (order.ascending ? " ▲" : " ▼") : ""), "aria-label": name });
  button.addEventListener("click", () => {
    order = { column, ascending: isSorted ? !order.ascending : typeof rows[0].cells[column] !== "number" }; // numbers: largest first
    page = 0;
    showTable();
    find("table").querySelectorAll("th button")[column].focus();
  });
  const cell = make("th", { scope: "col" }, button);
  if (isSorted) cell.setAttribute("aria-sort", order.ascending ? "ascending" : "descending");
  return cell;
}

function line(photo, [name, ...cells]) {
  const button = make("button", { type: "button", className: "link", textContent: name, onclick: () => openPhoto(photo, answered()) });
  const digits = { minimumFractionDigits: 4, maximumFractionDigits: 4 };
  const shown = cells.map((cell) => (typeof cell === "number" ? cell.toLocaleString(language(), digits) : cell));
  return make("tr", {}, make("td", {}, button), ...shown.map((cell) => make("td", { textContent: cell })));
}

function pager(pages) {
  const turn = (step, which) => {
    page += step;
    showTable();
    const buttons = find("table").querySelectorAll(".pages button");
    (buttons[which].disabled ? buttons[1 - which] : buttons[which]).focus();
  };
  const button = (key, disabled, step, which) =>
    make("button", { type: "button", textContent: text(key), disabled, onclick: () => turn(step, which) });
  const where = make("span", { textContent: text("page", { page: page + 1, pages }) });
  return make("div", { className: "pages" }, button("previous", page === 0, -1, 0), where, button("next", page === pages - 1, 1, 1));
}
