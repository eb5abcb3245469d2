/** A probability 0-1 as people read it; never 0 or 100 %, which no answer can be. As ui/classify/verdict.py has it. */
const probability = (share) => (share < 0.01 ? "< 1 %" : share > 0.99 ? "> 99 %" : `${Math.round(100 * share)} %`);
