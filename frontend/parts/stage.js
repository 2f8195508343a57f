// The stage of a page that shows a ring: the server's picture first, the scene over it once the page is painted. The ring's page
// and its summary share it, and how a choice made there is kept: by its own form, whose answer renews the page's parts.
import { fetchPage, swap } from "../pages/store.js";
import { fetchScene, mountRing } from "../ring/index.js";
import { sendStills } from "./still.js";
import { isMeasured, wireViews } from "./views.js";

const stage = document.getElementById("stage");
let ring = null;

/** The description of the ring that the page shows. */
export const described = () => JSON.parse(document.getElementById("description").textContent);

/** Show this ring in the scene, where there is one. */
export const show = (description) => ring?.update(description);

/** Send a form of choices; null when a later one has overtaken it, or when its answer is another page, which is then opened. */
export async function answerTo(form, mark) {
  const got = await fetchPage(form.action, { method: "POST", body: new FormData(form) });
  if (!got || got.page.getElementById(mark)) return got;
  location.assign(got.url);
  return null;
}

/** Put an answer's parts in place of the page's, and its ring on the stage. */
export function renew({ page, url }, parts) {
  goTo(url);
  swap(page, parts);
  renewPicture(page);
  show(described());
}

/** The page's address is that of the ring it shows, so that Back leads to the one before. */
function goTo(url) {
  const { pathname, search } = new URL(url);
  if (pathname + search !== location.pathname + location.search) history.pushState({ ring: true }, "", pathname + search);
}

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

async function raise(worker, { isKept = () => true } = {}) {
  stage.addEventListener("ring:ready", measure);
  stage.addEventListener("ring:moved", measure);
  ring = await mountRing(stage, described(), { worker, onFail: () => {} });
  const views = document.getElementById("views");
  if (!ring) {
    views.style.visibility = "hidden"; // its place stays, so that nothing jumps
    return;
  }
  wireViews({ views, stage, ring });
  sendStills({ stage, ring, isKept });
}

/**
 * Raise the scene once the page is painted: its forms work by now, and the scene is fetched and built in a thread of its own.
 * `isKept()` is false while the scene shows what is not kept yet.
 */
export function raiseWhenPainted(options) {
  const worker = fetchScene(stage); // its script comes while the page is painted
  requestAnimationFrame(() => setTimeout(raise, 0, worker, options));
}

addEventListener("popstate", () => location.reload());
// Out of the browser's own memory it would still say that it is the ring she was last at.
addEventListener("pageshow", (event) => event.persisted && location.reload());
