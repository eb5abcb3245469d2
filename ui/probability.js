/** A probability 0-1 as people read it; never 0 or 100 %, which no answer can be. As ui/classify/verdict.py has it. */
const probability = (share) => (share < 0.01 ? "< 1 %" : share > 0.99 ? "> 99 %" : `${Math.round(100 * share)} %`);

/** A meter for an answer: its label, its share and a track that fills. */
function newBar() {
  const track = make("span", { className: "track" }, make("span"));
  const values = { className: "bar", role: "meter", "aria-valuemin": "0", "aria-valuemax": "100" };
  return make("div", values, make("span", { className: "label" }), make("span", { className: "share" }), track);
}
