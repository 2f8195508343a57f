// The ring's page: every choice is kept on the server as it is made, the page's parts are renewed by its answer, and the
// ring turns on its stage once the page is quiet.
import { engraved } from "../parts/engraved.js";
import { sendStills } from "../parts/still.js";
import { isMeasured, wireViews } from "../parts/views.js";
import { fetchPage, swap } from "./store.js";

const stage = document.getElementById("stage");
let ring = null;
let writing = 0;

const spec = () => JSON.parse(document.getElementById("description").textContent);

function renewPicture(page) {
  const [old, fresh] = [document.getElementById("drawn"), page.getElementById("drawn")];
  if (!old || !fresh) return;
  for (const name of ["src", "srcset", "alt"]) {
    if (old.getAttribute(name) !== fresh.getAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
  }
  for (const name of ["label", "hash", "still"]) {
    const said = page.getElementById("stage").dataset[name];
    if (said === undefined) delete stage.dataset[name];
    else stage.dataset[name] = said;
  }
}

/** The page's address is that of the ring it shows, so that Back leads to the one before. */
function goTo(url) {
  const { pathname, search } = new URL(url);
  if (pathname + search !== location.pathname + location.search) history.pushState({ ring: true }, "", pathname + search);
}

async function keep(form) {
  try {
    const got = await fetchPage(form.action, { method: "POST", body: new FormData(form) });
    if (!got) return;
    if (!got.page.getElementById("panel")) return location.assign(got.url);
    const typed = unsent(form);
    goTo(got.url);
    swap(got.page, ["earlier", "panel", "pricebar", "steps", "words", "save-place"]);
    renewPicture(got.page);
    ring?.update(spec());
    wire();
    if (typed !== null) typeOn(typed);
  } catch {
    form.submit();
  }
}

/** What she has typed since the request left; null when the answer has it already. */
function unsent(form) {
  const field = form.elements.engraving;
  return field && document.activeElement === field && field.value !== field.defaultValue ? field.value : null;
}

/** Put her words back into the fresh field; leaving it keeps them, as a change would. */
function typeOn(typed) {
  const form = document.querySelector("[data-choices]");
  const field = form.elements.engraving;
  if (!field) return;
  field.value = typed;
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
    if (!wrong) writing = setTimeout(() => ring?.update({ ...spec(), engraving: text }), 400);
  });
  if (engraving) engraved(engraving);
  const chosen = form.querySelector(".rule :checked")?.closest("label");
  if (chosen) {
    const rule = chosen.parentElement;
    rule.scrollLeft = chosen.offsetLeft - (rule.clientWidth - chosen.offsetWidth) / 2;
  }
}

function measure({ detail }) {
  const caliper = document.getElementById("caliper");
  if (!caliper) return;
  caliper.hidden = !detail.box || !isMeasured();
  if (!detail.box) return;
  const offset = stage.offsetLeft;
  const top = Math.max(26, stage.offsetTop + detail.box.top - 22);
  caliper.style.setProperty("--cal-left", `${offset + detail.box.left}px`);
  caliper.style.setProperty("--cal-width", `${detail.box.width}px`);
  caliper.style.setProperty("--cal-top", `${top}px`);
}

async function raise() {
  const { mountRing } = await import("../ring/index.js");
  stage.addEventListener("ring:ready", measure);
  stage.addEventListener("ring:moved", measure);
  ring = await mountRing(stage, spec(), { onFail: () => {} });
  const views = document.getElementById("views");
  if (!ring) {
    views.style.visibility = "hidden"; // its place stays, so that nothing jumps
    return;
  }
  wireViews({ views, stage, ring });
  const isKept = () => {
    const words = document.getElementById("engraving");
    return !words || words.value === words.defaultValue;
  };
  sendStills({ stage, ring, isKept });
}

addEventListener("popstate", () => location.reload());
// Out of the browser's own memory it would still say that it is the ring she was last at.
addEventListener("pageshow", (event) => event.persisted && location.reload());

if (stage) {
  wire();
  const quiet = window.requestIdleCallback ?? ((run) => setTimeout(run, 200));
  // The form works by now; the picture and the fonts are on their way before it, and the scene waits for none of them.
  quiet(raise);
}
