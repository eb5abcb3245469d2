// A picture that another tab hands over (a frame of the tab Live): it goes to the class that is chosen for the camera. It lies
// in `window.photoForTeach` until this tab is there to take it.

function takeOver() {
  const blob = window.photoForTeach;
  if (!blob || !element.isConnected) return;
  window.photoForTeach = null;
  const own = current();
  if (!room(own)) return leftOut(1);
  send(own, [{ name: text("taken_name"), blob }]);
  say("message", "taken_over", { name: nameOf(own) });
  find("message").scrollIntoView({ block: "nearest" });
}
