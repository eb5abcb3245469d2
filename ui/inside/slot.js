// A place for what the server says of a photo, unless a newer one was given since: what is late is not shown.
// props.value is {stamp, html}; the page puts a new stamp here the moment that a photo, a layer or a channel is chosen.

const slot = element.querySelector("[data-part=slot]");
let latest = 0;

function draw() {
  const { stamp = 0, html = "" } = props.value ?? {};
  if (stamp < latest) return;
  latest = stamp;
  slot.innerHTML = html;
}

watch("value", draw);
draw();
