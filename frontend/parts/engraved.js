// The words inside the ring while she types: as they will be cut, and what cannot be, by the same rules as
// builder/engraving.py. The server has the last word.

const segments = globalThis.Intl?.Segmenter ? new Intl.Segmenter() : null;

export const letters = (text) => (segments ? Array.from(segments.segment(text), (each) => each.segment) : [...text]);

/** As the server keeps it: one character for a letter and its accent, single spaces, nothing that cannot be seen. */
export function tidied(text) {
  const plain = text.normalize("NFC").replaceAll("❤", "♥").replace(/[\ufe0e\ufe0f]/g, "");
  return plain.replace(/\p{Cf}/gu, "").split(/\s+/u).filter(Boolean).join(" ");
}

/** What is wrong with the text, in words; empty: nothing. */
export function wrongWith(text, { takes, limit }) {
  const strange = [...new Set(letters(text))].filter((each) => [...each].some((part) => !takes.includes(part)));
  if (strange.length) return `We cannot engrave ${strange.join(" ")}; leave it out.`;
  const over = letters(text).length - limit;
  return over > 0 ? `${limit} characters fit inside this ring; yours has ${limit + over}. Shorten it.` : "";
}

/** Say and show what is in the field. */
export function engraved(field) {
  const form = field.form;
  const text = tidied(field.value);
  // A word that is still being joined by the keyboard is judged once it stands.
  const wrong = wrongWith(text, { takes: field.dataset.takes, limit: Number(field.dataset.limit) });
  form.querySelector("[data-count]").textContent = letters(text).length;
  const says = form.querySelector("#engraving-says");
  says.hidden = !wrong;
  if (says.textContent !== wrong) says.textContent = wrong;
  field.setAttribute("aria-invalid", String(Boolean(wrong)));
  const drawn = form.querySelector("[data-engraving]");
  drawn.querySelector("textPath").textContent = text;
  drawn.setAttribute("aria-label", `Inside the band: ${text || "plain"}`);
  return { text, wrong };
}
