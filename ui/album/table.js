// The album's table: sorted by a click on a heading, fifty rows to a page so that a thousand do not slow the browser.
// Gradio runs this once, with `element` and `props`; `props.value` is {caption, headers, data, previous, next, page}.

const ROWS = 50;
let sorted = -1; // the column, or -1 as it came
let ascending = true;
let page = 0;

function make(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function compare(first, second) {
  const order = typeof first === "number" ? first - second : String(first).localeCompare(String(second), undefined, { numeric: true });
  return ascending ? order : -order;
}

function button(text, disabled, parent, action) {
  const made = make("button", text, parent);
  made.type = "button";
  made.disabled = disabled;
  made.addEventListener("click", action);
  return made;
}

function sortBy(column) {
  ascending = sorted === column ? !ascending : typeof props.value.data[0][column] !== "number"; // numbers: largest first
  sorted = column;
  page = 0;
  draw();
  element.querySelectorAll("th button")[column].focus();
}

function turn(step, which) {
  page += step;
  draw();
  const buttons = element.querySelectorAll(".pages button");
  (buttons[which].disabled ? buttons[1 - which] : buttons[which]).focus();
}

function draw() {
  const root = element.querySelector(".album-table");
  root.replaceChildren();
  const { caption, headers, data, previous, next, page: pageText } = props.value ?? {};
  if (!data?.length) return;
  const rows = sorted < 0 ? data : [...data].sort((first, second) => compare(first[sorted], second[sorted]));
  const wide = make("div", "", root);
  wide.className = "wide";
  const table = make("table", "", wide);
  make("caption", caption, table);
  const heading = make("tr", "", make("thead", "", table));
  headers.forEach((text, column) => {
    const cell = make("th", "", heading);
    cell.scope = "col";
    if (column === sorted) cell.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const arrow = column === sorted ? (ascending ? " ▲" : " ▼") : "";
    button(text + arrow, false, cell, () => sortBy(column)).setAttribute("aria-label", text);
  });
  const body = make("tbody", "", table);
  for (const row of rows.slice(page * ROWS, (page + 1) * ROWS)) {
    const line = make("tr", "", body);
    for (const cell of row) make("td", typeof cell === "number" ? cell.toFixed(4) : cell, line);
  }
  const pages = Math.ceil(rows.length / ROWS);
  if (pages < 2) return;
  const bar = make("div", "", root);
  bar.className = "pages";
  button(previous, page === 0, bar, () => turn(-1, 0));
  make("span", pageText.replace("{page}", page + 1).replace("{pages}", pages), bar);
  button(next, page === pages - 1, bar, () => turn(1, 1));
}

watch("value", () => {
  [sorted, ascending, page] = [-1, true, 0];
  draw();
});
draw();
