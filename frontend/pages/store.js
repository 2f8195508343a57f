// What every page of the storefront shares. A page is always fetched whole, at its own address, and the parts that
// changed are put in place of the old ones: what a reload shows is what is on the screen.

const reader = new DOMParser();

/** Replace these parts (ids) by those of the fetched page; the focus stays where it was. */
export function swap(page, parts) {
  const focused = document.activeElement?.id;
  for (const id of parts) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (old && fresh) {
      const folds = [...old.querySelectorAll("details[id]")].map((each) => [each.id, each.open]);
      old.replaceWith(document.adoptNode(fresh));
      leaveOpen(folds);
    } else if (old) old.remove();
  }
  if (focused && document.activeElement === document.body) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("store:swapped", { detail: parts }));
}

/** What was folded or unfolded by hand stays so. */
function leaveOpen(folds) {
  for (const [id, isOpen] of folds) {
    const part = document.getElementById(id);
    if (part) part.open = isOpen;
  }
}

let last = 0;

/** Fetch a page and swap its parts; null when a later request has overtaken this one. */
export async function fetchPage(url, options = {}) {
  const mine = ++last;
  const response = await fetch(url, { ...options, credentials: "same-origin" });
  if (!response.headers.get("content-type")?.startsWith("text/html")) throw new Error(response.statusText);
  const page = reader.parseFromString(await response.text(), "text/html");
  return mine === last ? { page, url: response.url, ok: response.ok } : null;
}

/** A form's address for GET, without the fields that say nothing. */
export function addressOf(form) {
  const params = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") params.append(name, value);
  const query = params.toString();
  return form.getAttribute("action") + (query ? `?${query}` : "");
}

function live(form) {
  const parts = form.dataset.live.split(" ");
  const load = async (address, { push }) => {
    const target = document.getElementById(parts[0]);
    target?.classList.add("busy");
    try {
      const got = await fetchPage(address);
      if (!got) return;
      if (push && address !== location.pathname + location.search) history.pushState({ live: parts }, "", address);
      swap(got.page, [...parts, "words"]);
    } catch {
      location.assign(address);
    }
  };
  form.addEventListener("change", () => load(addressOf(form), { push: true }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    load(addressOf(form), { push: true });
  });
}

// Back and forward: the page of that address, whole.
addEventListener("popstate", async (event) => {
  if (!event.state?.live && !document.querySelector("[data-live]")) return;
  location.reload();
});

for (const form of document.querySelectorAll("form[data-live]")) live(form);

// The save form in its dialog; without scripts the same link leads to a page.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
    dialog.querySelector("input[type=email]")?.focus();
    return;
  }
  const closer = event.target.closest("[data-close]");
  if (closer?.closest("dialog")) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.closest("dialog") || !form.dataset.swap) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.setAttribute("aria-disabled", "true");
  try {
    const got = await fetchPage(form.action, { method: "POST", body: new FormData(form) });
    if (!got) return;
    if (!got.page.getElementById(form.dataset.swap)) return location.assign(got.url);
    const heading = got.page.getElementById("keep-head");
    heading.replaceWith(Object.assign(got.page.createElement("h2"), { id: "keep-head", textContent: heading.textContent }));
    swap(got.page, [form.dataset.swap]);
    document.querySelector("dialog [aria-invalid=true]")?.focus();
  } catch {
    form.submit();
  }
});

// What a page can do without until everything else is there, such as where its stone can be seen: fetched when it comes into sight.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    fetch(target.dataset.lazy, { credentials: "same-origin" })
      .then((response) => (response.ok ? response.text() : ""))
      .then((text) => target.replaceChildren(...reader.parseFromString(text, "text/html").body.childNodes))
      .catch(() => {});
  }
}, { rootMargin: "200px" });
const lookForLazy = () => document.querySelectorAll("[data-lazy]:empty").forEach((each) => seen.observe(each));
document.addEventListener("store:swapped", lookForLazy);
lookForLazy();

// A picture that the bench had no hand free for is asked for again, a little later each time.
const asked = new WeakMap();
document.addEventListener(
  "error",
  ({ target }) => {
    const times = asked.get(target) ?? 0;
    if (!(target instanceof HTMLImageElement) || !target.src.includes("/pictures/") || times >= 5) return;
    asked.set(target, times + 1);
    setTimeout(() => target.setAttribute("src", target.getAttribute("src")), 1500 * (times + 1));
  },
  true,
);

// Sheets that came with the page: the next pages find them in the cache. They wait until the page has all that it shows.
const given = document.querySelectorAll("style[data-file]");
if (given.length) {
  addEventListener("load", () => setTimeout(() => {
    for (const { dataset: { file } } of given) {
      document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", as: "style", href: file }));
    }
  }, 3000));
}
