// The scene: one renderer, one ring, drawn only when something changed. While the ring turns, frames are as cheap as they
// must be; when it rests, a few jittered frames are averaged into a still one, and then nothing runs at all.
import * as THREE from "three";

import { averager, drawn } from "./average.js";
import { blend, FIELD_OF_VIEW, LEAST_TILT, MOST_TILT, MOST_ZOOM, stance, VIEWS } from "./camera.js";
import { handMesh, TONES } from "./hand.js";
import { ringModel } from "./model.js";
import { girdleRadius } from "./polyhedron.js";
import { quality } from "./quality.js";
import { studio } from "./studio.js";

// Every shader here writes the color that the screen shall show.
THREE.ColorManagement.enabled = false;

const REST_AFTER_MS = 160;
const FRAME_BY_MS = 400;
const MOVE_MS = 200;
const SLOW_FRAME_MS = 60;
const SPIN_DEGREES_PER_S = 26;

/** WebGL 2 is not to be had here, or no longer. */
export class NoWebGL extends Error {}

/** A view that no button asks for. */
export class UnknownView extends Error {}

/** The ring is not the one that a picture was begun of. */
export class AnotherRing extends Error {}

/** A tone of which no hand is made. */
export class UnknownTone extends Error {}

const radians = (angle) => (angle * Math.PI) / 180;

function known(name) {
  if (!(name in VIEWS)) throw new UnknownView(`Unexpected view "${name}", use ${Object.keys(VIEWS).join(", ")}.`);
  return VIEWS[name];
}

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

function rendererFor(canvas) {
  const context = canvas.getContext("webgl2", { antialias: true, alpha: false, powerPreference: "high-performance" });
  if (!context) throw new NoWebGL("This browser gives no WebGL 2 context; the picture stays.");
  const renderer = new THREE.WebGLRenderer({ canvas, context, antialias: true });
  renderer.outputColorSpace = THREE.LinearSRGBColorSpace;
  renderer.toneMapping = THREE.NoToneMapping;
  return renderer;
}

/** A renderer that computes pictures on the processor, as in tests and on machines without a GPU. */
function isSoftware(gl) {
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const name = names ? String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL)) : "";
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

/** The stone's box on the stage in CSS pixels: its girdle and its table, as the camera sees them. */
function boxOf(model, camera, { width, height }) {
  const center = model.plan.center;
  if (!center) return null;
  const [xs, ys] = [[], []];
  const { girdle, table } = model.plan.levels;
  for (let k = 0; k < 48; k++) {
    const angle = (k / 48) * 2 * Math.PI;
    const r = girdleRadius(center.planes, angle);
    for (const [y, share] of [[girdle, 1], [table, 0.6]]) {
      const p = new THREE.Vector3(Math.cos(angle) * r * share, y, -Math.sin(angle) * r * share)
        .applyMatrix4(model.group.matrixWorld).project(camera);
      xs.push(((p.x + 1) / 2) * width);
      ys.push(((1 - p.y) / 2) * height);
    }
  }
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { left, top, right, bottom, width: right - left, height: bottom - top };
}

/**
 * `size()` gives the stage's CSS size, `onFrame(box)` hears where the stone is after every drawn frame (null without a
 * stone), `onRest()` when the picture is as good as it gets, `onSpin(is)` when the turntable
 * starts or stops, `onDrawn()` when the card was given its first ring, `onLive(is)` when it lost or regained its context; `calm()` forbids movement that nobody's hand makes.
 * `ratio` is the screen's.
 */
export function ringScene({ canvas, spec: firstSpec, paper, size, ratio, onDrawn, onFrame, onRest, onSpin, onLive, calm }) {
  const renderer = rendererFor(canvas);
  const gl = renderer.getContext();
  const software = isSoftware(gl);
  const grade = quality({ deviceRatio: ratio, software });
  const paperColor = new THREE.Color(paper);
  const camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, 5, 400);
  const scene = new THREE.Scene();
  scene.background = paperColor;
  const average = averager(renderer, scene, camera);

  let spec = firstSpec;
  let light = null;
  let model = null;
  let hand = null;
  let tone = "light";
  let pose = { ...VIEWS.turn, zoom: 1, name: "turn" };
  let standing = null; // the camera's stance in the last frame
  let move = null; // {from, since} while a view glides to another
  let spinning = false;
  let state = "live"; // or "lost", "gone"
  let pending = 0;
  let late = 0; // a canvas that is scrolled out of sight may be given no frame at all
  let restTimer = 0;
  let resting = null;
  let lastDrawn = 0;
  let frameMs = 0;

  /** Build the ring of a description; one that cannot be drawn leaves the ring that is there. */
  function build(wanted) {
    light ??= studio(renderer, software ? { metal: 128, stone: 128 } : { metal: 256, stone: 512 });
    const next = ringModel({ spec: wanted, light, bounces: grade.moving().bounces, before: model });
    clear();
    spec = wanted;
    model = next;
    hand = handMesh({
      radius: model.plan.innerRadius, band: spec.shank.width_mm, beside: model.plan.beside, tent: light.metal, paper: paperColor, tone,
    });
    scene.add(model.group, hand);
  }

  function clear() {
    if (!model) return;
    scene.remove(model.group, hand);
    model.dispose();
    hand.geometry.dispose();
    hand.material.dispose();
  }

  function place(wide, high, now = performance.now()) {
    const aspect = wide / high;
    const goal = stance(pose, model.plan, aspect);
    const gone = move ? clamp((now - move.since) / MOVE_MS, 0, 1) : 1;
    standing = move ? blend(move.from, goal, 1 - (1 - gone) ** 3) : goal;
    if (gone === 1) move = null;
    const [s, c] = [Math.sin(radians(standing.tilt)), Math.cos(radians(standing.tilt))];
    const [x, y, z] = standing.middle;
    const target = new THREE.Vector3(x, y + standing.lift * c, z - standing.lift * s);
    camera.up.set(0, c, -s);
    camera.position.set(0, s, c).multiplyScalar(standing.far).add(target);
    camera.lookAt(target);
    camera.aspect = aspect;
    camera.updateProjectionMatrix();
    model.group.rotation.y = hand.rotation.y = radians(standing.yaw);
    hand.visible = pose.name === "hand";
    model.shadow.material.uniforms.high.value = high;
    model.shadow.visible = !hand.visible && standing.tilt < 75;
    camera.updateMatrixWorld();
    scene.updateMatrixWorld();
  }

  /** Draw once, now. */
  function draw({ ratio, bounces }) {
    const { width, height } = size();
    const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    if (canvas.width !== w || canvas.height !== h) renderer.setSize(w, h, false);
    model.trace(bounces);
    place(w, h);
    renderer.setRenderTarget(null);
    renderer.render(scene, camera);
  }

  /** Draw once and wait until it is done, to know how many milliseconds it took. */
  async function timed(settings) {
    const start = performance.now();
    draw(settings);
    await drawn(gl);
    return performance.now() - start;
  }

  /** Whatever changes meanwhile ends it: `halt` takes `resting` away. */
  async function rest() {
    restTimer = 0;
    const mine = (resting = {});
    frameMs = await timed(grade.resting(frameMs));
    const { samples, bounces } = grade.resting(frameMs);
    if (resting === mine && samples > 1) {
      average.begin(canvas.width, canvas.height);
      for (let i = 0; i < samples && resting === mine; i++) {
        model.trace(bounces);
        place(canvas.width, canvas.height);
        frameMs = await average.add();
      }
      if (resting === mine) average.show();
    }
    if (resting !== mine) return;
    resting = null;
    onRest();
  }

  function tick(now) {
    cancelAnimationFrame(pending);
    clearTimeout(late);
    [pending, late] = [0, 0];
    // Frames drawn one after the other tell what a frame costs, without waiting for the GPU.
    if (lastDrawn && now - lastDrawn < 400) grade.record(now - lastDrawn);
    if (spinning) pose.yaw += (Math.min(100, lastDrawn ? now - lastDrawn : 16) / 1000) * SPIN_DEGREES_PER_S;
    lastDrawn = now;
    draw(grade.moving());
    onFrame(boxOf(model, camera, size()));
    if (move || spinning) changed();
    else restTimer = setTimeout(rest, REST_AFTER_MS);
  }

  function halt() {
    cancelAnimationFrame(pending);
    clearTimeout(late);
    clearTimeout(restTimer);
    [pending, late, restTimer, resting] = [0, 0, 0, null];
  }

  /** Something is different: draw at the next chance. */
  function changed() {
    if (state !== "live") return;
    if (resting || restTimer) {
      halt();
      lastDrawn = 0;
    }
    if (pending) return;
    pending = requestAnimationFrame(tick);
    late = setTimeout(() => tick(performance.now()), FRAME_BY_MS);
  }

  /** A hand, a key or a view ends the turntable. */
  function stopSpin() {
    if (!spinning) return;
    spinning = false;
    onSpin(false);
    changed();
  }

  const onLost = (event) => {
    event.preventDefault();
    state = "lost";
    stopSpin();
    halt();
    onLive(false);
  };
  const onRestored = () => {
    state = "live";
    light = null;
    average.forget();
    build(spec);
    changed();
    onLive(true);
  };
  canvas.addEventListener("webglcontextlost", onLost);
  canvas.addEventListener("webglcontextrestored", onRestored);

  function end() {
    halt();
    spinning = false;
    state = "gone";
    canvas.removeEventListener("webglcontextlost", onLost);
    canvas.removeEventListener("webglcontextrestored", onRestored);
    clear();
    light?.dispose();
    average.dispose();
    renderer.dispose();
    renderer.forceContextLoss();
  }

  try {
    build(spec);
  } catch (error) {
    end();
    throw error;
  }
  return {
    /** Resolves when the first real frame is drawn, before it is shown. */
    first: async () => {
      model.trace(grade.moving().bounces);
      // So that the frame tells what a frame costs; where shaders cannot be compiled aside, the frame waits for them.
      if (gl.getExtension("KHR_parallel_shader_compile")) await renderer.compileAsync(scene, camera);
      const frame = timed(grade.moving());
      onDrawn();
      frameMs = await frame;
      if (state !== "live") return;
      grade.record(frameMs);
      restTimer = setTimeout(rest, REST_AFTER_MS);
    },
    update: (wanted) => {
      if (state === "live") build(wanted);
      else spec = wanted; // it is built when the context comes back
      changed();
    },
    changed,
    /** Turn slowly until a hand comes; never where movement is unwelcome. */
    spin: (wanted) => {
      if (!wanted || calm()) return stopSpin();
      move = null;
      spinning = true;
      onSpin(true);
      changed();
    },
    hold: stopSpin,
    turn: (yaw, tilt) => {
      stopSpin();
      move = null;
      pose.yaw += yaw;
      pose.tilt = clamp(pose.tilt + tilt, LEAST_TILT, MOST_TILT);
      changed();
    },
    zoom: (factor) => {
      pose.zoom = clamp(pose.zoom * factor, 1, MOST_ZOOM);
      changed();
    },
    view: (name) => {
      const wanted = known(name);
      stopSpin();
      const jump = calm() || frameMs > SLOW_FRAME_MS || [name, pose.name].includes("hand");
      pose = { ...wanted, zoom: 1, name };
      move = jump ? null : { from: standing, since: performance.now() };
      changed();
    },
    tone: (name) => {
      if (!(name in TONES)) throw new UnknownTone(`Unexpected tone "${name}", use ${Object.keys(TONES).join(", ")}.`);
      tone = name;
      hand.material.uniforms.tone.value.set(...TONES[tone]);
      changed();
    },
    /** What lies on the graphics card: it must not grow from ring to ring. */
    memory: () => ({ ...renderer.info.memory, programs: renderer.info.programs.length }),
    stone: () => model.plan.center?.stone ?? null,
    box: () => boxOf(model, camera, size()),
    /** Resolves with a picture of a view, or of the present one, as RGBA rows from the top. The stage goes on meanwhile. */
    picture: async (width, height, name = "", samples = software ? 4 : 16) => {
      const wanted = { pose: name ? { ...known(name), zoom: 1, name } : pose, model };
      const still = averager(renderer, scene, camera);
      try {
        still.begin(width, height);
        for (let i = 0; i < samples; i++) {
          if (state !== "live") throw new NoWebGL("The scene has no WebGL context now; ask again later.");
          if (model !== wanted.model) throw new AnotherRing("The ring was changed while its picture was drawn; ask again.");
          const before = { pose, move, standing };
          [pose, move] = [wanted.pose, null];
          model.trace(grade.resting(frameMs).bounces);
          place(width, height);
          const added = still.add();
          ({ pose, move, standing } = before);
          await added;
        }
        return await still.pixels();
      } finally {
        still.dispose();
      }
    },
    dispose: end,
  };
}
