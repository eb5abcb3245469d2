// What both pages share: getting a photo from the visitor, and showing the answer.

export const MAX_BYTES = 20_000_000;

/** Calls onPhoto(blob) for a photo that is chosen, dropped, pasted or taken with the camera; onProblem(sentence) if none can be. */
export function listenForPhotos(onPhoto, onProblem) {
  const drop = document.querySelector("#drop");
  const input = document.querySelector("#file");
  const take = (files) => {
    const file = [...files].find((one) => one.type.startsWith("image/")) ?? files[0];
    if (file) onPhoto(file);
  };

  input.addEventListener("change", () => {
    take(input.files);
    input.value = ""; // the same photo may be chosen again
  });
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
    else onProblem("That was no file. Save the picture first, then drop the file here.");
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
  listenForCamera(onPhoto, onProblem);
}

function listenForCamera(onPhoto, onProblem) {
  const camera = document.querySelector("#camera");
  const shutter = document.querySelector("#shutter");
  const video = document.querySelector("#video");
  const show = (on) => {
    video.hidden = shutter.hidden = !on;
    camera.textContent = on ? "Close the camera" : "Use the camera";
  };
  const close = () => {
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = null;
    show(false);
  };

  camera.addEventListener("click", async () => {
    if (video.srcObject) return close();
    if (!navigator.mediaDevices) return onProblem("The camera works on pages with an https address only.");
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch (error) {
      const denied = error.name === "NotAllowedError";
      return onProblem(denied ? "The camera is not allowed here. Allow it in the browser's settings." : "No camera can be opened.");
    }
    // a front camera is shown flipped horizontally, as a mirror is; the photo itself never is
    const facing = video.srcObject.getVideoTracks()[0].getSettings().facingMode;
    video.classList.toggle("mirror", facing !== "environment");
    show(true);
    shutter.disabled = true; // until there is a picture to take
    await video.play().catch(() => {}); // closed before it began
    shutter.disabled = false;
    shutter.focus();
  });
  shutter.addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    close();
    canvas.toBlob(onPhoto, "image/jpeg", 0.95);
  });
}

/** The photo as pixels, turned upright as its EXIF data says. Throws an Error with a sentence. */
export async function decode(photo) {
  if (photo.size > MAX_BYTES) throw new Error("The photo is larger than 20 MB. Choose a smaller one.");
  try {
    return await createImageBitmap(photo, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch {
    throw new Error("This browser cannot open the file as a photo. Choose a JPEG, PNG or WebP file.");
  }
}

/** Draws the photo on the canvas, at most 1024 pixels wide and high. */
export function drawPhoto(canvas, photo) {
  const scale = Math.min(1, 1024 / Math.max(photo.width, photo.height));
  canvas.width = Math.max(1, Math.round(photo.width * scale));
  canvas.height = Math.max(1, Math.round(photo.height * scale));
  canvas.hidden = false;
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(photo, 0, 0, canvas.width, canvas.height);
}

/** Draws rows of numbers from 0 to 1 over the photo. box: [left, top, right, bottom] as shares of the photo. */
export function drawHeat(canvas, heat, box) {
  const small = document.createElement("canvas");
  [small.width, small.height] = [heat[0].length, heat.length];
  const pixels = small.getContext("2d").createImageData(small.width, small.height);
  heat.flat().forEach((value, i) => pixels.data.set([255, 190 * value, 0, 200 * value], 4 * i)); // dark red to yellow
  small.getContext("2d").putImageData(pixels, 0, 0);
  const [left, top, right, bottom] = box;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  const { width, height } = canvas;
  context.drawImage(small, left * width, top * height, (right - left) * width, (bottom - top) * height);
}

/** One bar per answer; onChoose(label) is called for a bar that is clicked, where it is given. */
export function showBars(list, scores, chosen, onChoose) {
  const focused = [...list.children].findIndex((row) => row.contains(document.activeElement));
  list.replaceChildren(
    ...scores.map(({ label, score }) => {
      const percent = `${(100 * score).toFixed(1)} %`;
      const bar = document.createElement(onChoose ? "button" : "div");
      bar.className = "bar";
      bar.style.setProperty("--share", `${100 * score}%`);
      bar.append(Object.assign(document.createElement("span"), { textContent: label }), percent);
      if (onChoose) {
        bar.type = "button";
        bar.title = `Show what speaks for ${label}`;
        bar.setAttribute("aria-pressed", label === chosen);
        bar.addEventListener("click", () => onChoose(label));
      }
      const row = document.createElement("li");
      row.append(bar);
      return row;
    }),
  );
  if (onChoose && focused >= 0) list.children[focused]?.firstChild.focus();
}
