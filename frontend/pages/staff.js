// The staff pages' keys: G then a letter goes to a room, / finds, J and K turn the page, arrows fold rows.

const typing = (target) => target.closest("input, select, textarea, [contenteditable]");
let wentAt = 0;

function go(letter) {
  const key = `G ${letter.toUpperCase()}`;
  const room = document.querySelector(`nav a[data-keys="${key}"]`);
  if (room) location.assign(room.href);
}

function turn(relation) {
  const link = document.querySelector(`a[rel="${relation}"]`);
  if (link) location.assign(link.href);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (Date.now() - wentAt < 1500 && event.key.length === 1) {
    wentAt = 0;
    go(event.key);
  } else if (event.key === "g") {
    wentAt = Date.now();
  } else if (event.key === "j") {
    turn("next");
  } else if (event.key === "k") {
    turn("prev");
  } else if (event.key === "/") {
    const field = document.querySelector("[data-find], .find input");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
});

// A row with children opens and closes them; closing one closes what is below it.
function children(row) {
  return document.querySelectorAll(`tr[data-parent="${CSS.escape(row.dataset.row)}"]`);
}

function fold(button, open) {
  button.setAttribute("aria-expanded", String(open));
  button.textContent = open ? "−" : "+";
  for (const child of children(button.closest("tr"))) {
    child.classList.toggle("fold", !open);
    const inner = child.querySelector("button.tw");
    if (!open && inner) fold(inner, false);
  }
}

for (const button of document.querySelectorAll("button.tw")) {
  button.addEventListener("click", () => {
    fold(button, button.getAttribute("aria-expanded") !== "true");
  });
  button.closest("tr").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    fold(button, event.key === "ArrowRight");
  });
}

// A choice shows itself at once; without scripts there is the button.
for (const form of document.querySelectorAll("form[data-at-once]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select")) form.requestSubmit();
  });
}
