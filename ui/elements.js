// What the parts of the page that are made in the browser are made with: elements, found by `data-part` within `element` or made
// anew, and texts with values in them.

const NEITHER = "neither";
const find = (name) => element.querySelector(`[data-part="${name}"]`);
const fill = (text, values = {}) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** An element with these properties (and `data-`, `aria-` attributes) and these children. */
function make(name, values = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(values)) {
    if (key.includes("-") || key === "role" || key === "for") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

/** Opens a tab of the page, as a click on it does. */
const openTab = (id) => document.querySelector(`[role=tab][data-tab-id=${id}]`)?.click();
