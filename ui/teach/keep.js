// What a visitor takes along: the model, the project, a published model, and how to use them.

const LOCAL = /^(localhost|.*\.(localhost|local|lan|internal|home)|127\..*|10\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|169\.254\..*|\[.*\]|[^.]*)$/;

const drawn = new Map(); // part → what it was drawn from

/** Whether a part shows something else by now: what is the same keeps its focus, and what was said in it. */
function isNew(part, ...values) {
  const before = drawn.get(part);
  drawn.set(part, JSON.stringify([props.value, ...values]));
  return drawn.get(part) !== before;
}

const modelName = () => find("name").value.trim().replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "") || "my-model";

function showKeep() {
  const isTaught = Boolean(lesson.quality);
  const isEmpty = !lesson.classes.some(({ photos }) => photos.length);
  find("download").disabled = !isTaught;
  find("save").disabled = isEmpty;
  showSnippets();
  showPublishing();
}

/** Saves what a route of the session gives as a file. */
async function saveAs(button, path, name) {
  button.disabled = true;
  say("keep_message", "packing");
  try {
    const response = await fetchLesson("GET", `/${lesson.session}/${path}?name=${encodeURIComponent(modelName())}`);
    const address = URL.createObjectURL(await response.blob());
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    say("keep_message", "packed", { name });
  } catch (error) {
    tell("keep_message", error.status ? error.message : text("no_server"));
  }
  button.disabled = false;
  button.focus();
}

async function loadProject(file) {
  say("keep_message", "loading");
  try {
    const before = lesson.session;
    adopt(await request("POST", "", file));
    say("keep_message", "loaded", { name: file.name });
    if (before) fetchLesson("DELETE", `/${before}`).catch(() => {}); // nobody needs it any more
  } catch (error) {
    tell("keep_message", error.status ? error.message : text("no_server"));
  }
}

/** Code with a button that copies it. */
function snippet(title, code) {
  const button = make("button", { type: "button", textContent: text("copy"), "aria-label": text("copy_named", { title }) });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code);
      button.textContent = text("copied");
    } catch {
      button.textContent = text("not_copied");
    }
    setTimeout(() => (button.textContent = text("copy")), 2000);
  });
  const head = make("div", { className: "head" }, make("h3", { textContent: title }), button);
  return make("div", { className: "snippet" }, head, make("pre", { tabIndex: 0 }, make("code", { textContent: code })));
}

function showSnippets() {
  const name = modelName();
  if (!isNew("snippets", name, lesson.session)) return;
  const here = `${serverAddress()}/api/teach/sessions/${lesson.session || "…"}/classify`;
  const started = "http://127.0.0.1:7860/api/classify";
  const python = `from model import Classifier

classifier = Classifier.load("${name}")
for prediction in classifier.classify(["photo.jpg"]):
    print(prediction.label, prediction.as_dict())`;
  const javascript = `import { openAsBlob } from "node:fs";

const photo = await openAsBlob("photo.jpg");
const response = await fetch("${started}", { method: "POST", body: photo });
const scores = await response.json();
console.log(scores[0].label, scores[0].score);

// ${text("snippet_page")}
// cd web && npm ci && npm run vendor -- ../${name}`;
  const curl = `# ${text("snippet_folder")}
unzip ${name}.zip
MODEL_REPO=${name} python app.py
curl --data-binary @photo.jpg ${started}

# ${text("snippet_here", { minutes: lesson.limits.minutes })}
curl --data-binary @photo.jpg ${here}`;
  const link = LOCAL.test(location.hostname) ? [] : [snippet(text("address"), serverAddress())];
  find("snippets").replaceChildren(snippet("Python", python), snippet("JavaScript", javascript), snippet("curl", curl), ...link);
}

function showPublishing() {
  const { possible, user } = lesson.publish;
  if (!isNew("publishing", possible, user, modelName(), Boolean(lesson.quality))) return;
  const box = find("publishing");
  if (possible && !user) {
    const link = make("a", { href: `${serverAddress()}/login/huggingface`, textContent: text("sign_in"), className: "button" });
    box.replaceChildren(make("p", { className: "lead", textContent: text("sign_in_lead") }), link);
  } else if (possible) box.replaceChildren(...publishingForm(user));
  else {
    const name = modelName();
    const commands = `hf auth login\npython -m training.publish ${name} USER/${name} --space USER/${name}-app`;
    box.replaceChildren(make("p", { className: "lead", textContent: text("publish_lead") }), snippet(text("terminal"), commands));
  }
}

function publishingForm(user) {
  const isPrivate = make("input", { type: "checkbox" });
  const button = make("button", { type: "button", className: "primary", textContent: text("publish_now", { name: `${user}/${modelName()}` }) });
  const result = make("p", { className: "message", role: "status" });
  button.disabled = !lesson.quality;
  button.addEventListener("click", async () => {
    button.disabled = true;
    result.textContent = text("publishing");
    try {
      const made = await request("POST", `/${lesson.session}/publish`, json({ name: modelName(), private: isPrivate.checked }));
      const links = ["model", "space"].map((kind) => make("a", { href: made[kind], textContent: made[kind], target: "_blank", rel: "noopener" }));
      result.replaceChildren(text("published"), " ", links[0], " ", links[1], ...(made.todo ? [" ", made.todo] : []));
    } catch (error) {
      result.textContent = error.status ? error.message : text("no_server");
    }
    button.disabled = false;
  });
  return [make("label", { className: "switch" }, isPrivate, make("span", { textContent: text("private") })), button, result];
}

function listenForKeeping() {
  find("name").addEventListener("input", () => (showSnippets(), showPublishing()));
  find("name").addEventListener("change", () => (find("name").value = modelName()));
  find("download").addEventListener("click", () => saveAs(find("download"), "model.zip", `${modelName()}.zip`));
  find("save").addEventListener("click", () => saveAs(find("save"), "project.zip", `${modelName()}-project.zip`));
  find("load").addEventListener("click", () => find("project").click());
  find("project").addEventListener("change", async () => {
    const [file] = find("project").files;
    find("project").value = "";
    const isEmpty = !lesson.classes.some(({ photos }) => photos.length);
    if (file && (isEmpty || (await ask(text("load"), text("again_sure"), text("load"))))) loadProject(file);
  });
  find("again").addEventListener("click", async () => {
    if (await ask(text("again"), text("again_sure"), text("again"))) startAgain();
  });
}
