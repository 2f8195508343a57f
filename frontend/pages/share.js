// The link for a friend's eyes: copied by one tap, or handed to the phone's own way of sending. Without scripts the field
// is there to copy from by hand.
const fieldOf = (name) => document.getElementById(name);

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = fieldOf(button.dataset.copy);
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      document.getElementById(button.dataset.said).textContent = "It is copied. Paste it where you write to them.";
    } catch {
      field.focus(); // marked as a whole, for her own hand to copy
    }
  });
}

for (const button of document.querySelectorAll("[data-pass]")) {
  button.hidden = !navigator.share;
  button.addEventListener("click", () => navigator.share({ url: fieldOf(button.dataset.pass).value }).catch(() => {}));
}
