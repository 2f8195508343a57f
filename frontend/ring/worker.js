// Where the scene runs when it stands apart: apart.js on the page asks by messages, scene.js does the work.
import { ringScene } from "./scene.js";

let scene = null;
let size = { width: 1, height: 1 };

const tell = (event, value) => postMessage({ event, value });
const measured = () => ({ stone: scene.stone(), box: scene.box() });

/** The engraving's letters are drawn here, and a worker has none of the page's faces. */
async function learn(face) {
  const letters = new FontFace("Newsreader", `url(${face})`, { style: "italic" });
  self.fonts.add(await letters.load());
}

const calls = {
  open: async ({ calm, face, size: first, ...rest }) => {
    size = first;
    if (face) await learn(face).catch(() => {}); // another serif will do
    scene = ringScene({
      ...rest,
      size: () => size,
      calm: () => calm,
      onDrawn: () => tell("drawn"),
      onFrame: (box) => tell("frame", { stone: scene.stone(), box }),
      onRest: () => tell("rest"),
      onSpin: (on) => tell("spin", on),
      onLive: (live) => tell("live", live),
    });
  },
  first: async () => {
    await scene.first();
    return measured();
  },
  resize: (next) => {
    size = next;
    scene.changed();
  },
};

onmessage = async ({ data: { id, name, values } }) => {
  try {
    const value = await (calls[name] ?? scene[name])(...values);
    postMessage({ id, value }, value?.buffer ? [value.buffer] : []);
  } catch (error) {
    postMessage({ id, error: error.message });
  }
};
