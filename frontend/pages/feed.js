// The page of an import asks once a second how far it is, and shows the report as soon as there is one.

const PAUSE = 1000;

async function look() {
  const shown = document.querySelector("[data-progress]");
  const answer = await fetch(shown.dataset.progress, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-progress]");
  if (!fresh || fresh.dataset.over === "yes") location.reload();
  else shown.replaceWith(document.adoptNode(fresh));
}

async function watch() {
  try {
    await look();
  } catch {
    // The server may be starting again; ask once more.
  }
  setTimeout(watch, PAUSE);
}

setTimeout(watch, PAUSE);
