// At the counter: arrows go down a list, N begins a ticket, P prints, S scans by the tablet's camera where its browser can.
// Without it every link and form works by itself.

const typing = (target) => target.closest("input, select, textarea, [contenteditable]");

// Arrow keys go from row to row, Enter is the link's own.
const links = [...document.querySelectorAll("[data-rows] tbody a.b")];

function step(by) {
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  if (next) next.focus();
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target) && !(event.target.matches("[data-find]") && !event.target.value)) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!links.length) return;
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  } else if (typing(event.target)) {
    return;
  } else if (event.key === "n") {
    document.querySelector("[data-new]")?.requestSubmit();
  } else if (event.key === "p") {
    const receipt = document.querySelector("[data-receipt]");
    if (receipt) location.assign(receipt.href);
    else if (document.querySelector("[data-print]")) print();
  } else if (event.key === "s") {
    document.querySelector("[data-scan]:not([hidden])")?.click();
  }
});

// Quick amounts fill the field; what is taken is still written down by the button.
const quick = document.querySelector("[data-quick]");
if (quick) {
  quick.hidden = false;
  const field = document.getElementById("amount");
  const show = () => {
    for (const each of quick.children) each.setAttribute("aria-pressed", String(each.dataset.amount === field.value));
  };
  quick.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-amount]");
    if (!chosen) return;
    field.value = chosen.dataset.amount;
    show();
  });
  field.addEventListener("input", show);
  show();
}

// The camera. Pictures are looked at in the browser alone and go nowhere.
const scan = document.querySelector("[data-scan]");
const view = document.querySelector("[data-view]");

async function canScan() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
}

async function read(video, detector) {
  for (;;) {
    if (!view.open) return "";
    const [found] = video.readyState >= 2 ? await detector.detect(video) : [];
    if (found) return found.rawValue;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

async function scanned() {
  const video = view.querySelector("video");
  const words = view.querySelector("[data-words]");
  let stream;
  view.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    await video.play();
    const text = await read(video, new BarcodeDetector({ formats: ["qr_code"] }));
    if (!text) return;
    const field = document.querySelector("[data-find]");
    field.value = text;
    field.form.requestSubmit();
  } catch {
    words.textContent = "The camera cannot be used. Allow it in the browser, or type the code beneath the QR.";
  } finally {
    stream?.getTracks().forEach((track) => track.stop());
  }
}

if (scan && view) {
  canScan().then((can) => {
    scan.hidden = !can;
    document.querySelector("[data-no-scan]")?.toggleAttribute("hidden", can);
  });
  scan.addEventListener("click", scanned);
}
