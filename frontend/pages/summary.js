// The summary: a band is laid beside the ring, or taken away again, without leaving the page, and the pair is seen on its stage.
import { answerTo, raiseWhenPainted, renew } from "../parts/stage.js";

const PARTS = ["earlier", "laid", "told", "bands", "visit", "steps", "words", "save-place"];

async function keep(form) {
  try {
    const got = await answerTo(form, "sum");
    if (!got) return;
    renew(got, PARTS);
    lookAtIt();
  } catch {
    form.submit();
  }
}

/** The bands stand far below the stage: bring the pair into sight, with the way back under her hand. */
function lookAtIt() {
  const away = document.getElementById("away");
  const stage = document.getElementById("stage");
  if (away) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    stage.closest(".stage").scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    away.focus({ preventScroll: true });
  } else if (document.activeElement === document.body) stage.querySelector("canvas")?.focus({ preventScroll: true });
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-band]")) return;
  event.preventDefault();
  keep(event.target);
});
raiseWhenPainted();
