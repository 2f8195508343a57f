// A store's day: a ticked piece is told at once, a visit is moved by dragging it, P prints. Without it every form posts by itself.

const said = document.querySelector("[data-said]");
const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

function say(words) {
  if (!said) return;
  said.textContent = words;
  said.hidden = false;
}

// The answer's words; thrown where it was refused, with what can be done.
async function post(address, body) {
  body.set("csrfmiddlewaretoken", token());
  const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer) throw new Error("There is no connection. Nothing was changed; try again.");
  const isWords = (answer.headers.get("Content-Type") || "").includes("json");
  const words = isWords ? (await answer.json()).said : "That was refused. Load the page again.";
  if (!answer.ok || !isWords) throw new Error(words);
  return words;
}

// Whose box is ticked keeps the focus, so that Space and Tab go down the list.
for (const form of document.querySelectorAll("form[data-tick]")) {
  form.addEventListener("change", async (event) => {
    const box = event.target;
    const text = form.querySelector("[data-on]");
    form.setAttribute("aria-busy", "true");
    try {
      await post(form.action, new FormData(form));
      text.textContent = box.checked ? text.dataset.on : text.dataset.off;
    } catch (refusal) {
      box.checked = !box.checked;
      say(refusal.message);
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
}

const picture = document.querySelector("[data-lanes]");
const STEP = 5;

function laneAt(y) {
  const names = [...picture.querySelectorAll("[data-lane]")];
  return names.filter((name) => Number(name.dataset.lane) <= y).at(-1) || names[0];
}

// Where the pointer is in the picture's own units.
function placed(event) {
  const point = new DOMPoint(event.clientX, event.clientY);
  return point.matrixTransform(picture.getScreenCTM().inverse());
}

// The minute of the picture at which a box that is moved by so much begins, on the grid of steps.
function minuteAt(x) {
  const minute = (x - 1 - Number(picture.dataset.left)) / Number(picture.dataset.minute);
  return Math.round(minute / STEP) * STEP;
}

// The time on the store's wall: the picture's start says how far it is from UTC.
function wallAt(minute) {
  const start = picture.dataset.start;
  const wall = new Date(Date.parse(`${start.slice(0, 19)}Z`) + minute * 60000);
  return wall.toISOString().slice(11, 16);
}

function draggable(link) {
  let from = null;
  let label = null;
  const rect = link.querySelector("rect");

  const snapBack = () => {
    link.removeAttribute("transform");
    link.classList.remove("dragged");
    label?.remove();
    label = null;
  };

  link.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = placed(event);
    link.setPointerCapture(event.pointerId);
  });
  link.addEventListener("pointermove", (event) => {
    if (!from) return;
    const at = placed(event);
    const [dx, dy] = [at.x - from.x, at.y - from.y];
    if (!label && Math.hypot(dx, dy) < 5) return;
    link.classList.add("dragged");
    link.setAttribute("transform", `translate(${dx} ${dy})`);
    if (!label) {
      label = document.createElementNS("http://www.w3.org/2000/svg", "text");
      label.classList.add("to");
      picture.append(label);
    }
    const x = Number(rect.getAttribute("x")) + dx;
    label.setAttribute("x", x);
    label.setAttribute("y", Number(rect.getAttribute("y")) + dy - 4);
    label.textContent = `${wallAt(minuteAt(x))} ${laneAt(at.y)?.textContent || ""}`;
  });
  link.addEventListener("pointerup", async (event) => {
    if (!from) return;
    const [at, start] = [placed(event), from];
    from = null;
    if (!label) return;
    const body = new FormData();
    body.set("day", link.dataset.day);
    body.set("at", wallAt(minuteAt(Number(rect.getAttribute("x")) + at.x - start.x)));
    const associate = laneAt(at.y)?.dataset.associate;
    if (associate) body.set("associate", associate);
    try {
      await post(link.dataset.move, body);
      location.reload();
    } catch (refusal) {
      snapBack();
      say(refusal.message);
      said.scrollIntoView({ block: "nearest" });
    }
  });
  link.addEventListener("pointercancel", () => {
    from = null;
    snapBack();
  });
  // The click that ends a drag opens no page.
  link.addEventListener("click", (event) => {
    if (link.classList.contains("dragged")) event.preventDefault();
  });
  link.addEventListener("dragstart", (event) => event.preventDefault());
}

if (picture) for (const link of picture.querySelectorAll("[data-visit]")) draggable(link);

const print = document.querySelector("[data-print]");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key !== "p") return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  if (print) window.print();
  else document.querySelector("[data-key='p']")?.click();
});
