// Where the scene runs when it stands apart: apart.js on the page asks by messages, scene.js does the work.
import { ringScene } from "./scene.js";

let scene = null;
let size = { width: 1, height: 1 };
let letters = null; // the engraving's, once it is asked for

const tell = (event, value) => postMessage({ event, value });
const measured = () => ({ stone: scene.stone(), box: scene.box() });

/** What is engraved is written here, and a worker has none of the page's faces. Without it another serif will do. */
async function learn({ engraving }) {
  if (engraving && letters?.status === "unloaded") self.fonts.add(await letters.load());
}

const calls = {
  open: async ({ calm, face, size: first, ...rest }) => {
    size = first;
    letters = face ? new FontFace("Newsreader", `url(${face})`, { style: "italic" }) : null;
    await learn(rest.spec).catch(() => {});
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
  update: async (spec) => {
    await learn(spec).catch(() => {});
    scene.update(spec);
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
