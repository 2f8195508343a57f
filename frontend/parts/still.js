// The browser's own picture of the ring for the mail and the staff's desk: once for each ring that she chose, when the page has
// nothing else to do, and never on a connection that saves data. Whether it is taken is the server's matter; nobody waits for it.
const [WIDTH, HEIGHT] = [1200, 900]; // as the server's picture: four to three
const MOST_BYTES = 1_500_000;

const IDLE_BY_MS = 2_000; // a page that is never quite idle sends it all the same

const idle = (run) => (window.requestIdleCallback ?? ((soon) => setTimeout(soon, 500)))(run, { timeout: IDLE_BY_MS });

const wasSent = (hash) => sessionStorage.getItem(`still:${hash}`) !== null;

async function send({ stage, ring }) {
  const { hash, still: address } = stage.dataset;
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (!hash || !address || !token || wasSent(hash)) return;
  const blob = await ring.still(WIDTH, HEIGHT, "picture"); // refused when she goes on to another ring meanwhile
  if (blob.size > MOST_BYTES || stage.dataset.hash !== hash || wasSent(hash)) return;
  sessionStorage.setItem(`still:${hash}`, "");
  const body = new FormData();
  body.append("csrfmiddlewaretoken", token);
  body.append("hash", hash);
  body.append("still", blob, "ring.png");
  await fetch(address, { method: "POST", body, credentials: "same-origin" });
}

/**
 * Send a still whenever the ring of a new state stands calm on the stage. The stage says by `data-hash` what it shows and by
 * `data-still` where a still may go; `isKept()` is false while it shows what is not kept yet, such as half a word.
 */
export function sendStills({ stage, ring, isKept }) {
  if (navigator.connection?.saveData) return;
  stage.addEventListener("ring:still", () => idle(() => {
    if (isKept() && document.visibilityState === "visible") send({ stage, ring }).catch(() => {});
  }));
}
