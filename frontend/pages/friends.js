// The advocate's page: her words handed to the phone's own way of sending, or copied; and printing. That it was done is told to the
// house once, without a word of it. Without scripts the words are there to copy by hand.

const form = document.getElementById("share");

function tell(way) {
  const body = new FormData(form);
  body.set("way", way);
  fetch(form.action, { method: "POST", body, keepalive: true, credentials: "same-origin" }).catch(() => {});
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      document.getElementById("copied").textContent = "It is copied. Paste it where you write to them.";
      tell("copy");
    } catch {
      field.focus();
      field.select(); // for her own hand to copy
    }
  });
}

for (const button of document.querySelectorAll("[data-sheet]")) {
  button.hidden = !navigator.share;
  button.addEventListener("click", () => {
    const text = document.getElementById("message").value;
    navigator.share({ text }).then(() => tell("sheet"), () => {});
  });
}

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
form?.addEventListener("submit", (event) => event.preventDefault()); // Enter in the words is a new line, and nothing else
