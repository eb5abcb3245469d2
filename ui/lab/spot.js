// A click on the photo, or on what was made from the whole of it, chooses the spot: its place goes to the sliders.
const SIDE = 10;  // pixels of the frame

const share = (pixel, pixels) => {
  const first = Math.min(Math.max(pixel - SIDE / 2, 0), pixels - SIDE);
  return Math.round(1000 * first / (pixels - SIDE)) / 10;
};

element.closest('[role="tabpanel"]').addEventListener("click", (event) => {
  const shown = event.target;
  if (!(shown instanceof HTMLImageElement) || !element.isConnected) return;
  const whole = shown.closest("#lab-photo") ? element.querySelector("img") : shown;
  if (!whole?.dataset.columns) return;
  const [rows, columns] = [Number(whole.dataset.rows), Number(whole.dataset.columns)];
  const box = shown.getBoundingClientRect();
  const zoom = Math.min(box.width / columns, box.height / rows);  // an image may have margins within its box
  element.dataset.across = share((event.clientX - box.left - (box.width - zoom * columns) / 2) / zoom, columns);
  element.dataset.down = share((event.clientY - box.top - (box.height - zoom * rows) / 2) / zoom, rows);
  trigger("select");
});
