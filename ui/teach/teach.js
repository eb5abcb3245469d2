// The Teach tab begins: listeners, the texts, and the lesson that this browser tab had before it was loaded again.

function speak() {
  write();
  tell("kept", text("kept", { minutes: lesson.limits.minutes }));
}

listenForFiles();
listenForCamera();
listenForTries();
listenForClasses();
listenForKeeping();
const before = sessionStorage.getItem(STORED);
find("errors").open = window.innerWidth > 820; // elsewhere than on a phone there is room
speak();
begin();
restore(before).then(() => {
  takeOver();
  window.addEventListener("photo-for-teach", takeOver);
});
watch("value", () => {
  speak();
  if (!lesson.session && !isSending()) begin();
  else {
    showClasses();
    showQuality();
  }
});
