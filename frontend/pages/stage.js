// The ring's page: every choice is kept on the server as it is made, the page's parts are renewed by its answer, and the
// ring turns on its stage once the page is painted.
import { engraved } from "../parts/engraved.js";
import { answerTo, described, raiseWhenPainted, renew, show } from "../parts/stage.js";

const PARTS = ["earlier", "panel", "pricebar", "steps", "words", "save-place"];
let writing = 0;

async function keep(form) {
  try {
    const got = await answerTo(form, "panel");
    if (!got) return;
    const typed = unsent(form);
    renew(got, PARTS);
    wire();
    if (typed !== null) typeOn(typed);
  } catch {
    form.submit();
  }
}

/** What she has typed since the request left, and what of it is selected; null when the answer has it already. */
function unsent(form) {
  const field = form.elements.engraving;
  if (!field || document.activeElement !== field || field.value === field.defaultValue) return null;
  return { text: field.value, from: field.selectionStart, to: field.selectionEnd };
}

/** Put her words back into the fresh field; leaving it keeps them, as a change would. */
function typeOn(typed) {
  const form = document.querySelector("[data-choices]");
  const field = form.elements.engraving;
  if (!field) return;
  field.value = typed.text;
  field.setSelectionRange(typed.from, typed.to);
  field.dispatchEvent(new Event("input"));
  field.addEventListener("blur", () => field.value !== field.defaultValue && keep(form), { once: true });
}

function wire() {
  const form = document.querySelector("[data-choices]");
  form.addEventListener("change", () => keep(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep(form);
  });
  const engraving = form.elements.engraving;
  engraving?.addEventListener("input", () => {
    const { text, wrong } = engraved(engraving);
    clearTimeout(writing);
    if (!wrong) writing = setTimeout(() => show({ ...described(), engraving: text }), 400);
  });
  if (engraving) engraved(engraving);
  const chosen = form.querySelector(".rule :checked")?.closest("label");
  if (chosen) {
    const rule = chosen.parentElement;
    rule.scrollLeft = chosen.offsetLeft - (rule.clientWidth - chosen.offsetWidth) / 2;
  }
}

/** Whether she chose or typed before this script was there to hear it; what she is still typing will be heard. */
const isTouched = (form) => [...form.elements].some((each) => each.checked !== each.defaultChecked
  || (each.matches("input:not([type=hidden], [type=radio], :focus)") && each.value !== each.defaultValue));

wire();
const choices = document.querySelector("[data-choices]");
if (isTouched(choices)) keep(choices);
raiseWhenPainted({
  isKept: () => {
    const words = document.getElementById("engraving");
    return !words || words.value === words.defaultValue;
  },
});
