// The ring in three dimensions, for a page's stage. Load it lazily, after the page's own picture is shown:
//
//   const { mountRing } = await import("./ring.js");
//   const ring = await mountRing(stage, spec, { onReady, onFail });
//
// The stage is a positioned element with the server's picture as its <img>. The picture stays until the first real frame
// is drawn, and for good where there is no WebGL 2. Nothing runs while nobody turns the ring.
//
// Where the stage names a worker's script (`data-worker`) and the browser can hand it a canvas, the scene runs there and the page
// is never held up; else here, by the same code.
import { canStandApart, sceneApart, startWorker } from "./apart.js";
import { handle } from "./controls.js";

const FADE_MS = 200;

const prefersCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const nameOf = (stage) => stage.dataset.label ?? stage.querySelector("img")?.alt ?? "";

function canvasFor(stage) {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", nameOf(stage));
  canvas.tabIndex = 0;
  Object.assign(canvas.style, {
    position: "absolute", inset: "0", width: "100%", height: "100%", display: "block", touchAction: "pan-y",
    cursor: "grab", opacity: "0",
  });
  return canvas;
}

function blobOf(pixels, width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be written."))), "image/png");
  });
}

/** Have the scene's script fetched for this stage; what it gives is for `mountRing`, and null where the page itself draws. */
export const fetchScene = (stage) => (stage.dataset.worker && canStandApart() ? startWorker(stage.dataset.worker) : null);

/**
 * Put the ring of a description (docs/algorithms/ring-spec.md) on a stage.
 *
 * Resolves when the first frame is shown, with {update(spec), view("turn" | "above" | "side" | "stone" | "hand"), spin(wanted),
 * tone("light" | "medium" | "deep"), still(width, height, view), memory(), dispose()};
 * `still` resolves with a PNG blob of the present view, or of the named one ("picture": the server's). Where the ring cannot be drawn it calls `onFail(error)` and resolves with null: the picture
 * stays. `update` throws, or in a worker returns a promise that is rejected, for a description that cannot be drawn, and keeps the
 * ring that is there; `view`, `tone` and `memory` are promises there too. The stage hears "ring:ready" once and "ring:moved" after every change, with {width_mm, box}: the stone's width and its
 * box on the stage in CSS pixels, or null without a stone; and "ring:still" when the picture will not get any better.
 * "ring:spin" tells with {on} that its turntable started or stopped.
 * `data-paper` on the stage sets another ground than the shop's paper.
 */
export async function mountRing(stage, spec, { worker = fetchScene(stage), onReady = () => {}, onFail = () => {} } = {}) {
  const canvas = canvasFor(stage);
  const picture = stage.querySelector("img");
  let scene = null;
  let shown = false;

  const tell = (name, box) => {
    const stone = scene.stone();
    stage.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { width_mm: stone?.width_mm ?? null, box } }));
  };
  const fade = (visible) => {
    canvas.style.transition = prefersCalm() ? "none" : `opacity ${FADE_MS}ms cubic-bezier(.2,.6,.2,1)`;
    canvas.style.opacity = visible ? "1" : "0";
    canvas.style.pointerEvents = visible ? "auto" : "none";
    picture?.setAttribute("aria-hidden", String(visible));
  };

  try {
    stage.append(canvas);
    const open = worker ? sceneApart : (await import("./scene.js")).ringScene;
    scene = open({
      worker,
      face: stage.dataset.face,
      ratio: devicePixelRatio || 1,
      onDrawn: () => performance.mark("ring:drawn"),
      onLive: (live) => { if (shown) fade(live); },
      canvas,
      spec,
      paper: stage.dataset.paper ?? "#f9f6f0",
      size: () => ({ width: stage.clientWidth, height: stage.clientHeight }),
      calm: prefersCalm,
      onFrame: (box) => { if (shown) tell("ring:moved", box); },
      onSpin: (on) => stage.dispatchEvent(new CustomEvent("ring:spin", { bubbles: true, detail: { on } })),
      onRest: () => { if (shown) tell("ring:still", scene.box()); },
    });
    await scene.first();
  } catch (error) {
    scene?.dispose();
    canvas.remove();
    onFail(error);
    return null;
  }

  const release = handle(canvas, scene);
  const watcher = new ResizeObserver(() => scene.changed());
  watcher.observe(stage);
  shown = true;
  fade(true);
  tell("ring:ready", scene.box());

  const ring = {
    update: (next) => {
      const updated = scene.update(next);
      canvas.setAttribute("aria-label", nameOf(stage));
      return updated;
    },
    view: (name) => scene.view(name),
    spin: (wanted) => scene.spin(wanted),
    tone: (name) => scene.tone(name),
    memory: () => scene.memory(),
    still: async (width, height, view) => blobOf(await scene.picture(width, height, view), width, height),
    dispose: () => {
      release();
      watcher.disconnect();
      scene.dispose();
      canvas.remove();
      picture?.removeAttribute("aria-hidden");
    },
  };
  onReady(ring);
  return ring;
}
