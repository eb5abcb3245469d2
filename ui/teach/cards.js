// A card for every class: its name, its photos, and how to add some; and the row of classes below the camera's picture.

const cards = new Map(); // class → its card

const classOf = (node) => [...cards].find(([, card]) => card.contains(node))?.[0] ?? null;

/** As many cards as classes, in their order; what stays keeps its focus. */
function showClasses() {
  const list = find("cards");
  for (const [own, card] of cards) {
    if (lesson.classes.includes(own)) continue;
    card.remove();
    cards.delete(own);
  }
  for (const own of lesson.classes) {
    if (!cards.has(own)) list.append(newCard(own));
    showCard(own);
  }
  find("add").disabled = lesson.classes.filter(({ neither }) => !neither).length >= lesson.limits.classes;
  find("add_neither").hidden = lesson.classes.some(({ neither }) => neither);
  showActive();
  showBars();
}

function newCard(own) {
  const card = find("card").content.firstElementChild.cloneNode(true);
  cards.set(own, card);
  write(card);
  const part = (name) => card.querySelector(`.${name}`);
  part("choose").addEventListener("click", () => choose("photos", own));
  part("directory").addEventListener("click", () => choose("folder", own));
  part("directory").hidden = !("webkitdirectory" in find("folder"));
  part("paste").addEventListener("click", () => paste(own));
  part("paste").hidden = !navigator.clipboard?.read;
  part("remove").addEventListener("click", () => takeAway(own));
  part("name").addEventListener("change", (event) => takeName(own, event.target));
  part("name").addEventListener("keydown", (event) => event.key === "Enter" && event.target.blur());
  card.addEventListener("focusin", () => activate(own));
  card.addEventListener("pointerdown", () => activate(own));
  for (const photo of own.photos) showPhoto(own, photo);
  return card;
}

function showCard(own) {
  const card = cards.get(own);
  const name = card.querySelector(".name");
  card.style.setProperty("--colour", colourOf(labelOf(own)));
  card.setAttribute("aria-label", nameOf(own));
  if (document.activeElement !== name) name.value = nameOf(own);
  name.readOnly = own.neither;
  name.setAttribute("aria-label", text("class_name"));
  const remove = card.querySelector(".remove");
  remove.title = text("remove_class");
  remove.setAttribute("aria-label", text("remove_named", { name: name.value }));
  showCount(own);
}

function takeName(own, input) {
  const name = tidy(input.value);
  const isTaken = lesson.classes.some((each) => each !== own && each.name.toLowerCase() === name.toLowerCase());
  if (!name || name === own.name) {
    input.value = own.name;
  } else if (isTaken || name.toLowerCase() === NEITHER) {
    input.value = own.name;
    say("message", "name_taken", { name });
  } else {
    say("message", "");
    rename(own, name);
  }
}

function showCount(own) {
  const card = cards.get(own);
  if (!card) return;
  const line = own.waiting ? text("on_the_way", { n: own.photos.length, all: own.photos.length + own.waiting }) : counted(own.photos.length);
  card.querySelector(".count").textContent = line;
  card.classList.toggle("filled", own.photos.length + own.waiting > 0);
  const chip = find("chips").children[lesson.classes.indexOf(own)];
  if (chip) chip.lastChild.textContent = own.photos.length + own.waiting;
}

/** A thumbnail, the newest first; a click removes the photo. */
function showPhoto(own, photo) {
  const name = nameOf(own);
  const image = make("img", { src: photo.thumbnail, alt: "" });
  const button = make("button", { type: "button", title: text("remove_photo"), "aria-label": text("remove_photo_of", { name }) }, image);
  const item = make("li", {}, button);
  button.addEventListener("click", () => {
    const next = (item.nextElementSibling ?? item.previousElementSibling)?.firstElementChild;
    item.remove();
    (next ?? cards.get(own).querySelector(".choose")).focus();
    removePhoto(own, photo);
    showCount(own);
  });
  cards.get(own).querySelector(".thumbs").prepend(item);
  showCount(own);
}

async function takeAway(own) {
  const n = own.photos.length + own.waiting;
  const name = nameOf(own);
  if (n && !(await ask(text("remove_named", { name }), text("remove_sure", { photos: counted(n) }), text("remove_class")))) return;
  const index = lesson.classes.indexOf(own);
  removeClass(own);
  const next = lesson.classes[Math.min(index, lesson.classes.length - 1)];
  (cards.get(next)?.querySelector(".name") ?? find("add")).focus();
}

/** The class that the camera's frames go to, on its card, on the row of classes, and on the picture. */
function showActive() {
  const own = current();
  for (const [each, card] of cards) card.classList.toggle("active", each === own);
  const row = find("chips");
  while (row.childElementCount > lesson.classes.length) row.lastChild.remove();
  lesson.classes.forEach((each, index) => {
    const chip = row.children[index] ?? row.appendChild(newChip());
    chip.style.setProperty("--colour", colourOf(labelOf(each)));
    chip.setAttribute("aria-pressed", each === own);
    chip.firstChild.textContent = nameOf(each);
    chip.lastChild.textContent = each.photos.length + each.waiting;
    chip.onclick = () => activate(each);
  });
  if (!own) return;
  const name = nameOf(own);
  stage.style.setProperty("--colour", colourOf(labelOf(own)));
  find("into").textContent = shutter.hidden ? "" : name;
  shutter.setAttribute("aria-label", text("hold", { name }));
  shutter.title = text("hold", { name });
}

const newChip = () => make("button", { type: "button" }, make("span"), make("b"));

function listenForClasses() {
  find("add").addEventListener("click", () => {
    const name = cards.get(addClass(freeName())).querySelector(".name");
    name.focus();
    name.select();
  });
  find("add_neither").addEventListener("click", () => cards.get(addClass(text("neither"), true)).querySelector(".choose").focus());
}
