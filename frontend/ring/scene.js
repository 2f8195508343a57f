// The scene: one renderer, one ring, drawn only when something changed. While the ring turns, frames are as cheap as they
// must be; when it rests, a few jittered frames are averaged into a still one, and then nothing runs at all.
import * as THREE from "three";

import { distance, FIELD_OF_VIEW, frame, LEAST_TILT, MOST_TILT, MOST_ZOOM, VIEWS } from "./camera.js";
import { fingerMesh } from "./finger.js";
import { FULL_SCREEN_VERTEX } from "./glsl.js";
import { ringModel } from "./model.js";
import { girdleRadius } from "./polyhedron.js";
import { quality } from "./quality.js";
import { drawOver, studio } from "./studio.js";

// Every shader here writes the color that the screen shall show.
THREE.ColorManagement.enabled = false;

const REST_AFTER_MS = 160;
const MOVE_MS = 260;

/** WebGL 2 is not to be had here. */
export class NoWebGL extends Error {}

const radians = (angle) => (angle * Math.PI) / 180;
const halton = (index, base) => {
  let [share, sum] = [1, 0];
  for (let i = index; i > 0; i = Math.floor(i / base)) {
    share /= base;
    sum += share * (i % base);
  }
  return sum;
};

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

const copyMaterial = () => new THREE.ShaderMaterial({
  glslVersion: THREE.GLSL3,
  vertexShader: FULL_SCREEN_VERTEX,
  fragmentShader: /* glsl */ `
    precision highp float;
    in vec2 place;
    uniform sampler2D picture;
    uniform float share;
    out vec4 color;
    void main() { color = vec4(texture(picture, place * 0.5 + 0.5).rgb, share); }
  `,
  uniforms: { picture: { value: null }, share: { value: 1 } },
  transparent: true,
  depthTest: false,
  depthWrite: false,
});

/**
 * `size()` gives the stage's CSS size, `onFrame(box)` hears where the stone is after every drawn frame (null without a
 * stone), `onRest()` when the picture is as good as it gets, `calm` forbids movement nobody asked for.
 */
export function ringScene({ canvas, spec: firstSpec, paper, size, onFrame, onRest, calm }) {
  const renderer = rendererFor(canvas);
  const gl = renderer.getContext();
  const software = isSoftware(gl);
  const grade = quality({ deviceRatio: globalThis.devicePixelRatio || 1, software });
  const paperColor = new THREE.Color(paper);
  const camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, 5, 400);
  const scene = new THREE.Scene();
  scene.background = paperColor;
  const copy = copyMaterial();

  let spec = firstSpec;
  let light = null;
  let model = null;
  let finger = null;
  let targets = null;
  let pose = { ...VIEWS.turn, zoom: 1, name: "turn" };
  let lost = false;
  let gone = false;
  let pending = 0;
  let restTimer = 0;
  let resting = null;
  let lastDrawn = 0;
  let frameMs = 0;

  function build() {
    light ??= studio(renderer, software ? { metal: 128, stone: 128 } : { metal: 256, stone: 512 });
    if (model) {
      scene.remove(model.group);
      model.dispose();
    }
    if (finger) {
      scene.remove(finger);
      finger.geometry.dispose();
      finger.material.dispose();
    }
    model = ringModel({ spec, light, bounces: grade.moving().bounces });
    finger = fingerMesh({ radius: model.plan.innerRadius, band: spec.shank.width_mm, tent: light.metal, paper: paperColor });
    scene.add(model.group, finger);
  }

  function place(aspect) {
    const box = frame(pose.name, model.plan);
    const far = distance({ box, tilt: pose.tilt, share: pose.share, aspect });
    const closer = (pose.zoom - 1) / (MOST_ZOOM - 1);
    const middle = box.middle.map((value, i) => value + ([0, model.plan.levels.girdle, 0][i] - value) * closer);
    const lift = pose.lift * 2 * far * Math.tan(radians(FIELD_OF_VIEW / 2)) * (1 - closer);
    const [s, c] = [Math.sin(radians(pose.tilt)), Math.cos(radians(pose.tilt))];
    const target = new THREE.Vector3(middle[0], middle[1] + lift * c, middle[2] - lift * s);
    camera.up.set(0, c, -s);
    camera.position.set(0, s, c).multiplyScalar(far / pose.zoom).add(target);
    camera.lookAt(target);
    camera.aspect = aspect;
    camera.updateProjectionMatrix();
    camera.updateMatrixWorld();
    model.group.rotation.y = finger.rotation.y = radians(pose.yaw);
    finger.visible = pose.name === "hand";
    model.shadow.visible = pose.name === "turn" && pose.tilt < 75;
    scene.updateMatrixWorld();
  }

  /** The stone's box on the stage in CSS pixels: its girdle and its table, as the camera sees them. */
  function stoneBox() {
    const center = model.plan.center;
    if (!center) return null;
    const { width, height } = size();
    const [xs, ys] = [[], []];
    for (let k = 0; k < 48; k++) {
      const angle = (k / 48) * 2 * Math.PI;
      const r = girdleRadius(center.planes, angle);
      for (const [y, share] of [[model.plan.levels.girdle, 1], [model.plan.levels.table, 0.6]]) {
        const p = new THREE.Vector3(Math.cos(angle) * r * share, y, -Math.sin(angle) * r * share)
          .applyMatrix4(model.group.matrixWorld).project(camera);
        xs.push(((p.x + 1) / 2) * width);
        ys.push(((1 - p.y) / 2) * height);
      }
    }
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    return { left, top, right, bottom, width: right - left, height: bottom - top };
  }

  function resize(ratio) {
    const { width, height } = size();
    const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    if (canvas.width !== w || canvas.height !== h) renderer.setSize(w, h, false);
    return { w, h };
  }

  /** Draw once, now. With `exact`, wait until it is done, to know what it took. */
  function draw({ ratio, bounces }, exact = false) {
    const { w, h } = resize(ratio);
    model.trace(bounces);
    place(w / h);
    camera.clearViewOffset();
    const start = performance.now();
    renderer.setRenderTarget(null);
    renderer.render(scene, camera);
    if (exact) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    return performance.now() - start;
  }

  function freeTargets() {
    if (targets) Object.values(targets).forEach((target) => target.dispose());
    targets = null;
  }

  function targetsFor(w, h) {
    if (targets && targets.sum.width === w && targets.sum.height === h) return targets;
    freeTargets();
    const options = { minFilter: THREE.LinearFilter, magFilter: THREE.LinearFilter };
    targets = {
      shot: new THREE.WebGLRenderTarget(w, h, { ...options, depthBuffer: true }),
      sum: new THREE.WebGLRenderTarget(w, h, { ...options, type: THREE.HalfFloatType, depthBuffer: false }),
    };
    return targets;
  }

  /** Add one jittered frame to the average of those before it. */
  function sample(into, index, w, h) {
    camera.setViewOffset(w, h, halton(index + 1, 2) - 0.5, halton(index + 1, 3) - 0.5, w, h);
    renderer.setRenderTarget(into.shot);
    renderer.render(scene, camera);
    copy.uniforms.picture.value = into.shot.texture;
    copy.uniforms.share.value = 1 / (index + 1);
    renderer.autoClear = false;
    renderer.setRenderTarget(into.sum);
    drawOver(renderer, copy);
    renderer.autoClear = true;
    camera.clearViewOffset();
  }

  function showSum(into) {
    copy.uniforms.picture.value = into.sum.texture;
    copy.uniforms.share.value = 1;
    renderer.setRenderTarget(null);
    drawOver(renderer, copy);
  }

  function startResting() {
    restTimer = 0;
    if (lost || gone) return;
    const most = grade.resting(frameMs);
    frameMs = draw(most, true);
    resting = { index: 0, ...most, samples: grade.resting(frameMs).samples };
    if (resting.samples < 2) finishResting();
    else pending = requestAnimationFrame(refine);
  }

  function refine() {
    pending = 0;
    if (!resting || lost || gone) return;
    const [w, h] = [canvas.width, canvas.height];
    const into = targetsFor(w, h);
    const start = performance.now();
    sample(into, resting.index, w, h);
    renderer.setRenderTarget(into.shot); // whose bytes can be read
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    frameMs = performance.now() - start;
    resting.index += 1;
    if (resting.index < resting.samples) {
      pending = requestAnimationFrame(refine);
      return;
    }
    showSum(into);
    finishResting();
  }

  function finishResting() {
    resting = null;
    onRest();
  }

  function tick(now) {
    pending = 0;
    if (lost || gone) return;
    // Frames drawn one after the other tell what a frame costs, without waiting for the GPU.
    if (lastDrawn && now - lastDrawn < 400) grade.record(now - lastDrawn);
    lastDrawn = now;
    if (pose.move) step(now);
    draw(grade.moving());
    onFrame(stoneBox());
    if (pose.move) changed();
    else restTimer = setTimeout(startResting, REST_AFTER_MS);
  }

  function step(now) {
    const { from, to, since } = pose.move;
    const t = Math.min(1, (now - since) / MOVE_MS);
    const eased = 1 - (1 - t) ** 3;
    for (const key of ["yaw", "tilt", "zoom", "lift", "share"]) pose[key] = from[key] + (to[key] - from[key]) * eased;
    if (t === 1) delete pose.move;
  }

  /** Something is different: draw at the next chance. */
  function changed() {
    clearTimeout(restTimer);
    if (resting) {
      cancelAnimationFrame(pending);
      pending = 0;
      resting = null;
    }
    if (!pending && !gone) pending = requestAnimationFrame(tick);
  }

  const onLost = (event) => {
    event.preventDefault();
    lost = true;
    cancelAnimationFrame(pending);
    clearTimeout(restTimer);
    [pending, resting] = [0, null];
    canvas.dispatchEvent(new Event("ring:lost"));
  };
  const onRestored = () => {
    lost = false;
    [light, targets] = [null, null];
    build();
    changed();
    canvas.dispatchEvent(new Event("ring:restored"));
  };
  canvas.addEventListener("webglcontextlost", onLost);
  canvas.addEventListener("webglcontextrestored", onRestored);

  build();
  return {
    /** The first real frame, drawn before it is shown. */
    first: () => {
      frameMs = draw(grade.moving(), true);
      // Compiling is part of the first one; the second tells what a frame costs.
      grade.record(draw(grade.moving(), true));
      onFrame(stoneBox());
      restTimer = setTimeout(startResting, REST_AFTER_MS);
    },
    update: (next) => {
      spec = next;
      if (lost) return;
      build();
      lastDrawn = 0;
      changed();
    },
    changed,
    turn: (yaw, tilt) => {
      delete pose.move;
      pose.yaw += yaw;
      pose.tilt = Math.min(MOST_TILT, Math.max(LEAST_TILT, pose.tilt + tilt));
      changed();
    },
    zoom: (factor) => {
      pose.zoom = Math.min(MOST_ZOOM, Math.max(1, pose.zoom * factor));
      changed();
    },
    view: (name) => {
      if (!(name in VIEWS)) throw new RangeError(`Unexpected view "${name}", use ${Object.keys(VIEWS).join(", ")}.`);
      const to = { ...VIEWS[name], zoom: 1 };
      const jump = calm() || software || (name === "hand") !== (pose.name === "hand") || name !== pose.name;
      pose = jump ? { ...to, name } : { ...pose, name, move: { from: { ...pose }, to, since: performance.now() } };
      lastDrawn = 0;
      changed();
    },
    stone: () => model.plan.center?.stone ?? null,
    box: () => stoneBox(),
    /** A picture of the present view, as RGBA rows from the top. */
    picture: async (w, h, samples = software ? 4 : 16) => {
      const into = targetsFor(w, h);
      for (let i = 0; i < samples; i++) {
        if (gone || lost) throw new NoWebGL("The scene was closed while its picture was drawn.");
        model.trace(grade.resting(frameMs).bounces);
        place(w / h);
        sample(into, i, w, h);
        await new Promise((resolve) => setTimeout(resolve));
      }
      const half = new Uint16Array(w * h * 4);
      renderer.readRenderTargetPixels(into.sum, 0, 0, w, h, half);
      freeTargets();
      changed();
      const pixels = new Uint8ClampedArray(w * h * 4);
      for (let y = 0; y < h; y++) {
        const [from, to] = [(h - 1 - y) * w * 4, y * w * 4];
        for (let i = 0; i < w * 4; i++) {
          pixels[to + i] = i % 4 === 3 ? 255 : THREE.DataUtils.fromHalfFloat(half[from + i]) * 255;
        }
      }
      return pixels;
    },
    dispose: () => {
      gone = true;
      cancelAnimationFrame(pending);
      clearTimeout(restTimer);
      canvas.removeEventListener("webglcontextlost", onLost);
      canvas.removeEventListener("webglcontextrestored", onRestored);
      model.dispose();
      finger.geometry.dispose();
      finger.material.dispose();
      light.dispose();
      freeTargets();
      copy.dispose();
      renderer.dispose();
      renderer.forceContextLoss();
    },
  };
}
