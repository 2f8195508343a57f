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
  const isLinear = "linear" in range.dataset;
  const valueAt = (step) => {
    const at = step / STEPS;
    const raw = isLinear ? least + (most - least) * at : least * (most / least) ** at;
    const grain = unit * (!isLinear && raw > 100 * unit ? 10 : 1);
    return Math.round(raw / grain) * grain;
  };
  const stepAt = (value) => {
    if (most <= least) return 0;
    const at = isLinear ? (value - least) / (most - least) : Math.log(value / least) / Math.log(most / least);
    return Math.round(STEPS * at);
  };
  const digits = unit < 0.1 ? 2 : unit < 1 ? 1 : 0;
  const written = (value) => value.toFixed(digits);

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

document.addEventListener("store:swapped", wireAll);
wireAll();

// The sheet's way out on a phone: folded, and down to the stones.
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-fold]")) document.getElementById("sheet").open = false;
});

// A row's details or another kind of stones, without losing the place on the page.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-open], [data-place]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const got = await fetchPage(link.href);
    if (!got) return;
    history.pushState({ live: true }, "", link.href);
    swap(got.page, (link.dataset.place ?? "stones").split(" "));
  } catch {
    location.assign(link.href);
  }
});
