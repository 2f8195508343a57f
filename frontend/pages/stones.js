// Two handles over a histogram. The numbers beside them are the form's fields; the handles only move those.
import { fetchPage, swap } from "./store.js";

const STEPS = 200;

function wire(range) {
  const [low, high] = range.querySelectorAll("input[type=range]");
  const form = range.closest("form");
  const from = form.elements[range.dataset.from];
  const to = form.elements[range.dataset.to];
  const [least, most] = [Number(range.dataset.least), Number(range.dataset.most)];
  const unit = Number(range.dataset.unit);
  const valueAt = (step) => {
    const raw = least * (most / least) ** (step / STEPS);
    const grain = unit * (raw > 100 * unit ? 10 : 1);
    return Math.round(raw / grain) * grain;
  };
  const stepAt = (value) => Math.round((STEPS * Math.log(value / least)) / Math.log(most / least));
  const written = (value) => (unit < 1 ? value.toFixed(2) : String(Math.round(value)));

  const paint = () => {
    const [a, b] = [Number(low.value), Number(high.value)];
    range.style.setProperty("--from", `${(100 * a) / STEPS}%`);
    range.style.setProperty("--to", `${(100 * b) / STEPS}%`);
    for (const bar of range.querySelectorAll("rect")) {
      const at = Number(bar.dataset.at) * STEPS;
      bar.classList.toggle("in", at >= a - 0.5 && at <= b + 0.5);
    }
    low.setAttribute("aria-valuetext", `from ${written(valueAt(a))}`);
    high.setAttribute("aria-valuetext", `to ${written(valueAt(b))}`);
  };
  const read = () => {
    low.value = from.value ? stepAt(Number(from.value)) : 0;
    high.value = to.value ? stepAt(Number(to.value)) : STEPS;
    paint();
  };
  const write = (moved) => {
    if (Number(low.value) > Number(high.value)) moved.value = moved === low ? high.value : low.value;
    from.value = Number(low.value) <= 0 ? "" : written(valueAt(Number(low.value)));
    to.value = Number(high.value) >= STEPS ? "" : written(valueAt(Number(high.value)));
    paint();
  };
  for (const handle of [low, high]) handle.addEventListener("input", () => write(handle));
  read();
}

function wireAll() {
  for (const range of document.querySelectorAll(".span2:not([data-wired])")) {
    range.dataset.wired = "";
    wire(range);
  }
  // On a desk the filters lie open; on the phone they are a sheet that stays as it was left.
  const sheet = document.querySelector(".filters");
  if (sheet && matchMedia("(min-width: 900px)").matches) sheet.open = true;
}

let sheetWasOpen = false;
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".filters")) sheetWasOpen = event.target.open;
}, true);
document.addEventListener("store:swapped", () => {
  const sheet = document.querySelector(".filters");
  if (sheet) sheet.open = sheetWasOpen || sheet.open;
  wireAll();
});
wireAll();

// A row's details, without losing the place in the list.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-open]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const got = await fetchPage(link.href);
    if (!got) return;
    history.pushState({ live: true }, "", link.href);
    swap(got.page, ["stones"]);
  } catch {
    location.assign(link.href);
  }
});
