// The size guide: a bank card says how many pixels a millimeter is on this screen, and circles are drawn to that.
import "./store.js";

const KEY = "pixels-per-mm";
const CARD_MM = 85.6;

const slider = document.getElementById("card");
const outline = document.getElementById("card-outline");
const circle = document.getElementById("circle");

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // some browsers keep nothing
  }
}

function draw() {
  const pixels = Number(slider.value);
  outline.style.setProperty("--card", `${pixels * CARD_MM}px`);
  const chosen = document.querySelector("[name=ring_size]:checked") ?? document.querySelector('[name=ring_size][value="6"]');
  circle.style.setProperty("--across", `${pixels * Number(chosen.dataset.mm)}px`);
  document.getElementById("circle-mm").textContent = `${Number(chosen.dataset.mm).toFixed(1)} mm`;
  document.getElementById("size-named").textContent = chosen.dataset.named;
}

function keep() {
  draw();
  try {
    localStorage.setItem(KEY, slider.value);
  } catch {
    // then she moves the slider again next time
  }
}

const before = remembered();
if (before) slider.value = before;
slider.addEventListener("input", keep);
document.addEventListener("change", (event) => event.target.name === "ring_size" && draw());
const start = document.querySelector("[name=ring_size]:checked") ?? document.querySelector('[name=ring_size][value="6"]');
const rule = start.closest(".rule");
rule.scrollLeft = start.closest("label").offsetLeft - rule.clientWidth / 2;
draw();
