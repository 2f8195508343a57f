// Booking: another store, day or month without leaving the page, her own time zone for a call, and the time that is left.
// Every choice is a link or a form of its own, so that all of it works without this.
import { addressOf, fetchPage, swap } from "./store.js";

async function show(address, { push }) {
  document.getElementById("book")?.classList.add("busy");
  try {
    const got = await fetchPage(address);
    if (!got) return;
    if (!got.page.getElementById("book")) return location.assign(address);
    if (push) history.pushState({ live: ["book"] }, "", address);
    swap(got.page, ["book", "words"]);
  } catch {
    location.assign(address);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-choose]");
  if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link.href, { push: true }).then(() => document.getElementById(link.id)?.focus());
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-wishes]");
  if (form) show(addressOf(form), { push: true });
});

/** A call is told by her own clock, once, unless she said another. */
function takeHerZone() {
  const select = document.querySelector("select[data-zone]");
  const hers = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!select || new URLSearchParams(location.search).has("zone") || select.value === hers) return;
  if (![...select.options].some((option) => option.value === hers)) return;
  select.value = hers;
  const address = addressOf(select.form);
  history.replaceState(history.state, "", address);
  show(address, { push: false });
}

document.addEventListener("store:swapped", takeHerZone);
takeHerZone();

// The time that is left, in words each minute; said aloud twice.
const left = document.getElementById("left");
const SAID = [3, 1];

function tell() {
  const minutes = Math.ceil((Date.parse(left.dataset.until) - Date.now()) / 60_000);
  const words = minutes > 1 ? `for ${minutes} more minutes.` : minutes === 1 ? "for one more minute." : "no more; sending the form looks whether it is still free.";
  if (left.textContent === words) return;
  left.textContent = words;
  if (SAID.includes(minutes)) document.getElementById("left-said").textContent = `The time is kept ${words}`;
}

if (left) {
  tell();
  setInterval(tell, 5000);
}
