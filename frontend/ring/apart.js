// The scene in a thread of its own: building a ring and waiting for the graphics card never hold up the page. It has scene.js's
// methods; those that may fail or that answer return promises. Frames, rest and a lost context are told back by messages.

const QUIET = ["spin", "hold", "turn", "zoom"]; // nobody waits for these

/** Whether this browser can hand a canvas to a worker. */
export const canStandApart = () => typeof Worker === "function" && "transferControlToOffscreen" in HTMLCanvasElement.prototype;

/** A worker whose script is on its way; it may be started before there is anything to draw. */
export const startWorker = (address) => new Worker(address, { type: "module" });

/** As `ringScene` of scene.js; `worker` runs the worker's script (worker.js), `face` is the file of the engraving's letters. */
export function sceneApart({ worker, face, canvas, spec, paper, size, ratio, calm, onDrawn, onFrame, onRest, onSpin, onLive }) {
  const waiting = new Map();
  let asked = 0;
  let seen = { stone: null, box: null };
  let ended = false;

  const heard = {
    drawn: onDrawn,
    frame: (measured) => {
      seen = measured;
      onFrame(seen.box);
    },
    rest: onRest,
    spin: onSpin,
    live: onLive,
  };
  worker.onmessage = ({ data }) => {
    if (data.event) {
      if (!ended) heard[data.event](data.value);
      return;
    }
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) reject(new Error(data.error));
    else resolve(data.value);
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message ?? "The ring's worker ended."));
    waiting.clear();
  };
  const ask = (name, values = [], transfer = []) => new Promise((resolve, reject) => {
    asked += 1;
    waiting.set(asked, { resolve, reject });
    worker.postMessage({ id: asked, name, values }, transfer);
  });
  const tell = (name, ...values) => ask(name, values).catch(() => {});

  const offscreen = canvas.transferControlToOffscreen();
  const opened = ask("open", [{ canvas: offscreen, spec, paper, face, ratio, size: size(), calm: calm() }], [offscreen]);
  opened.catch(() => {}); // `first` tells of it
  return {
    ...Object.fromEntries(QUIET.map((name) => [name, (...values) => { tell(name, ...values); }])),
    changed: () => { tell("resize", size()); },
    first: async () => {
      await opened;
      seen = await ask("first");
    },
    update: (wanted) => ask("update", [wanted]),
    view: (name) => ask("view", [name]),
    tone: (name) => ask("tone", [name]),
    memory: () => ask("memory"),
    stone: () => seen.stone,
    box: () => seen.box,
    picture: (...values) => ask("picture", values),
    /** The context is given back before the thread ends. */
    dispose: () => {
      ended = true;
      tell("dispose").then(() => worker.terminate());
    },
  };
}
