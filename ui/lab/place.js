// A click on a map chooses a place in it: its row and column go to the sliders.
const nearest = (share, places) => Math.min(Math.max(Math.floor(share * places), 0), places - 1);

element.addEventListener("click", (event) => {
  const map = event.target;
  if (!(map instanceof HTMLImageElement) || !map.dataset.placeRows) return;
  const box = map.getBoundingClientRect();
  element.dataset.row = nearest((event.clientY - box.top) / box.height, Number(map.dataset.placeRows));
  element.dataset.column = nearest((event.clientX - box.left) / box.width, Number(map.dataset.placeColumns));
  trigger("select");
});
